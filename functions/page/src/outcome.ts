/** Shows the outcome of a request: its progress, then its answer or failure, its timings, and program code for it. */
import type { Answer } from "./api/call.ts";
import { Failure } from "./api/failure.ts";
import type { Usage } from "./api/types.ts";
import { find } from "./dom.ts";
import { failureInWords } from "./failure-in-words.ts";
import { latestOnly } from "./latest.ts";
import { type ApiRequest, requestInit } from "./api-request.ts";
import type { Shown } from "./results/classification.ts";
import { measurements } from "./results/measurements.ts";
import { problem } from "./results/problem.ts";
import { snippetBox } from "./snippets/snippet-box.ts";

interface Inference {
  usage: Usage;
  model: string;
  revision: string;
}

export interface OutcomeOptions<Body extends Inference> {
  /** Prefix of ids, unique on the page. */
  name: string;
  /** The text before the first request. */
  empty: string;
  ask: (path: string, init: RequestInit) => Promise<Answer<Body>>;
  /** Makes an element of the answer. */
  show: (body: Body, request: ApiRequest) => Shown;
}

/**
 * @param panel the element to fill
 * @returns a function that sends a request; it cancels one that is still running
 */
export function outcome<Body extends Inference>(
  panel: HTMLElement,
  { name, empty, ask, show }: OutcomeOptions<Body>,
): (request: ApiRequest) => void {
  const { content } = find(document, "#outcome-template", HTMLTemplateElement);
  panel.append(document.importNode(content, true));
  find(panel, "[data-empty]").textContent = empty;
  const part = (of: string): HTMLElement => find(panel, `[data-${of}]`);

  const send = latestOnly((request: ApiRequest, signal) =>
    ask(request.path, { ...requestInit(request), signal }),
  );
  const showAnswer = (answer: Answer<Body>, request: ApiRequest): void => {
    const { element, spoken } = show(answer.body, request);
    part("result").replaceChildren(element);
    part("announcement").textContent = spoken;
    part("measurements").replaceChildren(measurements(answer));
    bringIntoSight(panel);
  };
  const run = async (request: ApiRequest): Promise<void> => {
    panel.setAttribute("aria-busy", "true");
    part("problem").replaceChildren();
    part("announcement").textContent = "";
    part("snippets").replaceChildren(snippetBox(name, request));
    try {
      const answer = await send(request);
      if (answer === undefined) return;
      showAnswer(answer, request);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Remove an older answer, so that nobody takes it for the answer to this request.
      part("result").replaceChildren();
      part("measurements").replaceChildren();
      part("problem").replaceChildren(problem(failureInWords(error), () => void run(request)));
      bringIntoSight(panel);
    }
    panel.removeAttribute("aria-busy");
  };
  return (request) => void run(request);
}

/** Scrolls to the answer. On a narrow screen it is below the inputs and would otherwise appear out of sight. */
function bringIntoSight(panel: HTMLElement): void {
  if (panel.getBoundingClientRect().top < innerHeight / 2) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  panel.scrollIntoView({ block: "start", behavior });
}
