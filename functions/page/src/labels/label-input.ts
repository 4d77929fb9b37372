/** The input for labels: typed labels and settings, or a stored set. */
import type { ApiRequest } from "../api-request.ts";
import { find } from "../dom.ts";
import { wantOffered } from "../offered.ts";
import { deleteSet } from "./delete-set.ts";
import { keepSet } from "./keep-set.ts";
import { linesOrCommas, showCount } from "./lines.ts";
import { settings } from "./settings.ts";
import { taughtLabels } from "./taught-labels.ts";

export interface LabelInput {
  /** The fields that the input adds to a request. */
  fields(): ApiRequest["fields"];
  /** Number of labels. */
  count(): number;
}

/**
 * @param model the menu of models
 * @param changed is called when a label was taught
 * @param loadSets loads the menu of label sets again
 */
export function labelInput(
  fieldset: HTMLElement,
  model: HTMLSelectElement,
  changed: () => void,
  loadSets: () => Promise<void>,
): LabelInput {
  const typed = find(fieldset, "#labels", HTMLTextAreaElement);
  const set = find(fieldset, "#label-set", HTMLSelectElement);
  const made = settings(fieldset);
  const typedHint = find(fieldset, "#labels-hint");
  const hintWhenUsed = typedHint.textContent;
  const show = (): void => {
    const isStored = set.value !== "";
    typed.disabled = isStored;
    find(fieldset, "[data-delete-set]").hidden = !isStored;
    typedHint.textContent = isStored ? "Not used now: the stored set has labels of its own." : hintWhenUsed;
    for (const part of ["[data-teach]", "[data-keep]"]) find(fieldset, part).hidden = isStored;
    made.show(isStored);
  };
  const taught = taughtLabels(find(fieldset, "[data-teach]"), () => model.value, changed);
  const showTaught = (): void => taught.show(linesOrCommas(typed.value));
  typed.addEventListener("input", showTaught);
  // What was learned belongs to a model.
  model.addEventListener("change", showTaught);
  showTaught();
  fieldset.addEventListener("change", show);
  set.addEventListener("change", show);
  showCount(typed, find(fieldset, "[data-count]"), linesOrCommas);
  show();

  const labels = (): readonly unknown[] => linesOrCommas(typed.value).map((label) => taught.labelOf(label));
  keepSet(
    fieldset,
    () => ({ ...(model.value !== "" && { model: model.value }), labels: labels(), ...made.ofSet() }),
    async (name) => {
      wantOffered(set, name);
      await loadSets();
      set.focus();
    },
  );
  deleteSet(fieldset, loadSets);
  return {
    fields: () =>
      set.value === ""
        ? { labels: labels(), ...made.fields(false) }
        : { label_set: set.value, ...made.fields(true) },
    count: () =>
      set.value === ""
        ? linesOrCommas(typed.value).length
        : Number(set.selectedOptions[0]?.dataset["labels"] ?? 0),
  };
}
