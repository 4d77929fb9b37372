/** Templates, thresholds, "none of these" and several labels at once: what a classification takes beside its labels. */
import type { ApiRequest } from "../api-request.ts";
import { find } from "../dom.ts";
import { lines } from "./lines.ts";

type Fields = ApiRequest["fields"];

export interface Settings {
  /** @param isStored true for a stored set, which has its own templates and negative texts */
  fields(isStored: boolean): Fields;
  /** What a label set is stored with. */
  ofSet(): Fields;
  show(isStored: boolean): void;
}

export function settings(fieldset: HTMLElement): Settings {
  const details = find(fieldset, "[data-settings]", HTMLDetailsElement);
  const input = (id: string): HTMLInputElement => find(details, id, HTMLInputElement);
  const area = (id: string): HTMLTextAreaElement => find(details, id, HTMLTextAreaElement);
  const templates = find(details, "#templates", HTMLSelectElement);
  const own = area("#own-templates");
  const minScore = input("#min-score");
  const minSimilarity = input("#min-similarity");
  const multi = input("#multi");
  const negative = area("#negative");
  const none = input("#none");
  const prompts = area("#none-prompts");
  const bias = input("#none-bias");

  const ofSet = (): Fields => ({
    ...(templates.value !== "" && {
      templates: templates.value === "own" ? lines(own.value) : templates.value,
    }),
    ...numberField("min_similarity", minSimilarity, 1),
    ...(multi.checked && lines(negative.value).length > 0 && { negative: lines(negative.value) }),
  });
  const noneField = (): Fields => {
    const texts = lines(prompts.value);
    const isDefault = prompts.value === prompts.defaultValue || texts.length === 0;
    const { bias: more } = numberField("bias", bias, 1);
    if (more !== undefined) return { none: { ...(isDefault ? {} : { prompts: texts }), bias: more } };
    return { none: isDefault || texts };
  };
  const ofRequest = (): Fields => ({
    ...numberField("min_score", minScore, 100),
    ...(multi.checked ? { multi_label: true } : none.checked && noneField()),
  });
  // A field that is wrong must be in sight for the browser to say so.
  details.addEventListener("invalid", () => (details.open = true), true);
  return {
    fields: (isStored) => ({
      ...(isStored ? numberField("min_similarity", minSimilarity, 1) : ofSet()),
      ...ofRequest(),
    }),
    ofSet,
    show: (isStored) => {
      // A stored set has its own. Keep what was typed, for when no set is chosen any more.
      for (const field of [templates, own, negative]) field.disabled = isStored;
      none.disabled = multi.checked;
      find(details, "[data-own]").hidden = templates.value !== "own";
      find(details, "[data-negative]").hidden = !multi.checked;
      find(details, "[data-none]").hidden = !none.checked || multi.checked;
      const made = Object.keys({ ...(isStored ? {} : ofSet()), ...ofRequest() }).length;
      find(details, "[data-set-count]").textContent = made === 0 ? "" : `(${made} changed)`;
    },
  };
}

/** @param unit what the page shows for 1 */
function numberField(
  name: string,
  { value, valueAsNumber }: HTMLInputElement,
  unit: number,
): Record<string, number> {
  return value === "" ? {} : { [name]: valueAsNumber / unit };
}
