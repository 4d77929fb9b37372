/** Offers the stored label sets that belong to the key. */
import { call } from "../api/call.ts";
import { type LabelSet, labelSetPage } from "../api/types.ts";
import { find, make } from "../dom.ts";
import { chooseOffered } from "../offered.ts";

/** A longer menu is of no use. */
const MAX_SETS = 500;
const PAGE = 100;

/** @throws Failure */
export async function offerLabelSets(
  fieldset: HTMLElement,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  const select = find(fieldset, "#label-set", HTMLSelectElement);
  const hint = find(fieldset, "[data-set-hint]");
  const sets = await allSets(model, signal);
  const [none] = select.options;
  const missing = chooseOffered(select, [...(none === undefined ? [] : [none]), ...sets.map(option)]);
  select.disabled = sets.length === 0;
  hint.textContent = sets.length === 0 ? "None stored yet." : "";
  if (missing !== undefined) hint.textContent = `There is no label set “${missing}” for this key.`;
}

/** Programs use a set by its name, which then may lead to other labels. */
function option({ id, name, title, labels, status }: LabelSet): HTMLOptionElement {
  const state = status === "ready" ? "" : ", still building";
  const value = name ?? id;
  return make(
    "option",
    { value, "data-id": id, "data-name": name ?? title ?? "", "data-labels": String(labels) },
    `${name ?? title ?? id} (${labels} ${labels === 1 ? "label" : "labels"}${state})`,
  );
}

async function allSets(model: string, signal: AbortSignal): Promise<LabelSet[]> {
  const sets: LabelSet[] = [];
  let after: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(model === "" ? {} : { model }) });
    if (after !== null) query.set("after", after);
    const { body } = await call(`/v1/label_sets?${query}`, labelSetPage, { signal });
    sets.push(...body.data);
    after = body.has_more ? body.last_id : null;
  } while (after !== null && sets.length < MAX_SETS);
  return sets;
}
