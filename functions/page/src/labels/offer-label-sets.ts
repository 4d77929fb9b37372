/** Offers the stored label sets that belong to the key. */
import { call } from "../api/call.ts";
import { type LabelSet, labelSetPage } from "../api/types.ts";
import { find, make } from "../dom.ts";

/** A longer menu is of no use. */
const MOST = 500;
const PAGE = 100;

/** @throws Failure */
export async function offerLabelSets(fieldset: HTMLElement, signal: AbortSignal): Promise<void> {
  const select = find(fieldset, "#label-set", HTMLSelectElement);
  const hint = find(fieldset, "[data-set-hint]");
  const sets = await allSets(signal);
  const chosen = select.value;
  const [none] = select.options;
  select.replaceChildren(...(none === undefined ? [] : [none]), ...sets.map(option));
  select.value = sets.some(({ id }) => id === chosen) ? chosen : "";
  select.disabled = sets.length === 0;
  select.dispatchEvent(new Event("change"));
  hint.textContent = sets.length === 0 ? "None stored yet: POST /v1/label_sets makes one." : "";
}

function option({ id, name, title, labels, status }: LabelSet): HTMLOptionElement {
  const state = status === "ready" ? "" : ", still building";
  return make("option", { value: id }, `${name ?? title ?? id} (${labels} labels${state})`);
}

async function allSets(signal: AbortSignal): Promise<LabelSet[]> {
  const sets: LabelSet[] = [];
  let after: string | null = null;
  do {
    const from: string = after === null ? "" : `&after=${encodeURIComponent(after)}`;
    const { body } = await call(`/v1/label_sets?limit=${PAGE}${from}`, labelSetPage, { signal });
    sets.push(...body.data);
    after = body.has_more ? body.last_id : null;
  } while (after !== null && sets.length < MOST);
  return sets;
}
