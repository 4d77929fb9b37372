/** The input for labels: typed labels and templates, or a stored set. */
import { find } from "../dom.ts";
import type { ApiRequest } from "../api-request.ts";
import { lines, linesOrCommas, showCount } from "./lines.ts";
import { taughtLabels } from "./taught-labels.ts";

export interface LabelInput {
  /** The fields that the input adds to a request. */
  fields(): ApiRequest["fields"];
  /** True if there are labels to classify with. */
  isFilled(): boolean;
}

/** @param model the menu of models @param changed is called when a label was taught */
export function labelInput(fieldset: HTMLElement, model: HTMLSelectElement, changed: () => void): LabelInput {
  const typed = find(fieldset, "#labels", HTMLTextAreaElement);
  const set = find(fieldset, "#label-set", HTMLSelectElement);
  const templates = find(fieldset, "#templates", HTMLSelectElement);
  const own = find(fieldset, "#own-templates", HTMLTextAreaElement);
  const show = (): void => {
    // A stored set has its own templates. Keep what was typed, for when no set is chosen any more.
    for (const field of [typed, templates, own]) field.disabled = set.value !== "";
    find(fieldset, "[data-own]").hidden = templates.value !== "own";
    find(fieldset, "[data-teach]").hidden = set.value !== "";
  };
  const taught = taughtLabels(find(fieldset, "[data-teach]"), () => model.value, changed);
  const showTaught = (): void => taught.show(linesOrCommas(typed.value));
  typed.addEventListener("input", showTaught);
  // What was learned belongs to a model.
  model.addEventListener("change", showTaught);
  showTaught();
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
        ? { labels: linesOrCommas(typed.value).map((label) => taught.labelOf(label)), ...chosenTemplates() }
        : { label_set: set.value },
    isFilled: () => set.value !== "" || linesOrCommas(typed.value).length > 0,
  };
}
