/** Stores the labels on the page as a set with a name, and chooses it. */
import { call } from "../api/call.ts";
import { Failure } from "../api/failure.ts";
import { labelSet } from "../api/types.ts";
import type { ApiRequest } from "../api-request.ts";
import { find } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { problem } from "../results/problem.ts";
import { onEnter } from "../submit.ts";

/** The API's rule, for words before a request. */
const NAME = /^(?!ls_)[a-z0-9][a-z0-9._-]{0,63}$/;
const RULE =
  "A name has small letters a-z, digits, dots, dashes and underscores, and begins with a letter or digit.";
/** Milliseconds between two looks at a set that is being computed. */
const PAUSE = 2000;

/**
 * @param fields of the set, without its name
 * @param stored is called with the name once the set can be used
 */
export function keepSet(
  fieldset: HTMLElement,
  fields: () => ApiRequest["fields"],
  stored: (name: string) => Promise<void>,
): void {
  const name = find(fieldset, "#set-name", HTMLInputElement);
  const keep = find(fieldset, "[data-keep-set]", HTMLButtonElement);
  const slot = find(fieldset, "[data-keep-problem]");
  const hint = find(fieldset, "[data-set-hint]");

  const store = oneAtATime(async () => {
    const chosen = name.value.trim();
    name.setCustomValidity(NAME.test(chosen) ? "" : RULE);
    if (!name.reportValidity()) return;
    slot.replaceChildren();
    keep.disabled = true;
    try {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ name: chosen, ...fields() });
      let { body: set } = await call("/v1/label_sets", labelSet, { method: "POST", headers, body });
      while (set.status === "building") {
        hint.textContent = `“${chosen}” is being computed: ${set.prompts_done} of ${set.prompts} texts.`;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        ({ body: set } = await call(`/v1/label_sets/${set.id}`, labelSet));
      }
      name.value = "";
      await stored(chosen);
      hint.textContent = `Stored as “${chosen}”, and chosen.`;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      slot.replaceChildren(problem(failureInWords(error)));
    } finally {
      keep.disabled = false;
    }
  });
  keep.addEventListener("click", () => void store());
  name.addEventListener("input", () => name.setCustomValidity(""));
  onEnter(name, () => void store());
}
