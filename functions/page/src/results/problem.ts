/** Shows a failure, with a retry button if another attempt may help. */
import { make } from "../dom.ts";
import type { Words } from "../failure-in-words.ts";

/** @param retry left out if there is nothing to repeat */
export function problem({ title, detail, facts, mayRetry }: Words, retry?: () => void): HTMLElement {
  const small = facts.map(([name, value]) => make("span", {}, `${name} `, make("code", {}, value)));
  const box = make("div", { class: "problem" }, make("strong", {}, title), make("p", {}, detail));
  if (small.length > 0) box.append(make("p", { class: "facts" }, ...small));
  if (mayRetry && retry !== undefined) {
    const again = make("button", { type: "button" }, "Try again");
    again.addEventListener("click", retry);
    box.append(again);
  }
  return box;
}
