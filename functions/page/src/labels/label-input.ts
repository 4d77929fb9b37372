/** The input for labels: typed labels and templates, or a stored set. */
import { find } from "../dom.ts";
import type { ApiRequest } from "../api-request.ts";
import { lines, linesOrCommas, showCount } from "./lines.ts";

export interface LabelInput {
  /** The fields that the input adds to a request. */
  fields(): ApiRequest["fields"];
  /** True if there are labels to classify with. */
  isFilled(): boolean;
}

export function labelInput(fieldset: HTMLElement): LabelInput {
  const typed = find(fieldset, "#labels", HTMLTextAreaElement);
  const set = find(fieldset, "#label-set", HTMLSelectElement);
  const templates = find(fieldset, "#templates", HTMLSelectElement);
  const own = find(fieldset, "#own-templates", HTMLTextAreaElement);
  const show = (): void => {
    // A stored set has its own templates. Keep what was typed, for when no set is chosen any more.
    for (const field of [typed, templates, own]) field.disabled = set.value !== "";
    find(fieldset, "[data-own]").hidden = templates.value !== "own";
  };
  set.addEventListener("change", show);
  templates.addEventListener("change", show);
  showCount(typed, find(fieldset, "[data-count]"), linesOrCommas);
  show();

  const chosenTemplates = (): ApiRequest["fields"] => {
    if (templates.value === "") return {};
    return { templates: templates.value === "own" ? lines(own.value) : templates.value };
  };
  return {
    fields: () =>
      set.value === ""
        ? { labels: linesOrCommas(typed.value), ...chosenTemplates() }
        : { label_set: set.value },
    isFilled: () => set.value !== "" || linesOrCommas(typed.value).length > 0,
  };
}
