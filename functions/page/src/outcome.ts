/** Shows the outcome of a request: its progress, then its answer or failure, its timings, and program code for it. */
import { Failure } from "./api/failure.ts";
import { find } from "./dom.ts";
import { failureInWords } from "./failure-in-words.ts";
import { latestOnly } from "./latest.ts";
import type { ApiRequest } from "./api-request.ts";
import { problem } from "./results/problem.ts";
import { snippetBox } from "./snippets/snippet-box.ts";

/** The parts of a panel that an answer fills. */
export type Part = "result" | "announcement" | "measurements";

export interface Work {
  /** Shown as a program. */
  request: ApiRequest;
  /** The program's heading; left out for a request of which the program is all. */
  programTitle?: string;
  /** True if a failure leaves the result that is shown, because it is part of the answer. */
  keepsResult?: boolean;
  /** Asks, and shows the answer with the panel's other functions. */
  run: (signal: AbortSignal) => Promise<void>;
}

export interface Outcome {
  /** Starts some work, and cancels work that is still running. */
  start(work: Work): void;
  show(part: Part, ...content: (Node | string)[]): void;
  bringIntoSight(): void;
  /** Cancels work that is running, and shows what is shown before the first request. */
  clear(): void;
}

/**
 * @param panel the element to fill
 * @param name prefix of ids, unique on the page
 * @param empty the text before the first request
 */
export function outcome(panel: HTMLElement, name: string, empty: string): Outcome {
  const { content } = find(document, "#outcome-template", HTMLTemplateElement);
  panel.append(document.importNode(content, true));
  const atFirst = find(panel, "[data-empty]");
  atFirst.textContent = empty;
  const part = (of: string): HTMLElement => find(panel, `[data-${of}]`);
  const bringIntoSight = (): void => scrollTo(panel);

  const run = latestOnly(async (work: Work, signal) => {
    const { request, programTitle, keepsResult = false } = work;
    panel.setAttribute("aria-busy", "true");
    panel.toggleAttribute("data-keeps", keepsResult);
    part("problem").replaceChildren();
    part("announcement").textContent = "";
    part("snippets").replaceChildren(snippetBox(name, request, programTitle));
    try {
      await work.run(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      // Remove an older answer, so that nobody takes it for the answer to this request.
      if (!keepsResult) part("result").replaceChildren();
      part("measurements").replaceChildren();
      const names = request.pictures.map((picture) => picture.name);
      part("problem").replaceChildren(problem(failureInWords(error, names), () => void run(work)));
      bringIntoSight();
    }
    panel.removeAttribute("aria-busy");
  });
  return {
    start: (work) => void run(work),
    show: (of, ...shown) => part(of).replaceChildren(...shown),
    bringIntoSight,
    clear: () => {
      run.cancel();
      panel.removeAttribute("aria-busy");
      for (const each of ["problem", "announcement", "measurements", "snippets"])
        part(each).replaceChildren();
      part("result").replaceChildren(atFirst);
    },
  };
}

/** Scrolls to the answer. On a narrow screen it is below the inputs and would otherwise appear out of sight. */
function scrollTo(panel: HTMLElement): void {
  if (panel.getBoundingClientRect().top < innerHeight / 2) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  panel.scrollIntoView({ block: "start", behavior });
}
