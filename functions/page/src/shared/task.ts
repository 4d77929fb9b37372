/** A form that asks the API: one request at a time, the newest; busy while it runs; failures in words. */
import { make } from "./dom.ts";
import { inWords } from "./words.ts";

interface Places {
  form: HTMLFormElement;
  /** Announced when it changes. */
  outcome: HTMLElement;
  /** What belongs to the outcome, but is not read out. */
  more: HTMLElement;
}

export interface Shown {
  outcome: Node[];
  more: Node[];
}

/** @param run makes the request; what it throws is told */
export function onSubmit(
  { form, outcome, more }: Places,
  run: (signal: AbortSignal) => Promise<Shown>,
): void {
  const button = form.querySelector<HTMLButtonElement>(".go");
  let current: AbortController | undefined;
  const submit = async (): Promise<void> => {
    current?.abort();
    const mine = new AbortController();
    current = mine;
    button?.setAttribute("aria-busy", "true");
    try {
      const shown = await run(mine.signal);
      if (current !== mine) return;
      outcome.replaceChildren(...shown.outcome);
      more.replaceChildren(...shown.more);
      // On a phone the answer is below the form.
      outcome.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (current !== mine) return;
      outcome.replaceChildren(make("p", { className: "error", role: "alert" }, inWords(error)));
      more.replaceChildren();
      outcome.scrollIntoView({ block: "nearest" });
    } finally {
      if (current === mine) button?.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
}

/** Said before anything is asked. */
export class Missing extends Error {
  override toString(): string {
    return this.message;
  }
}
