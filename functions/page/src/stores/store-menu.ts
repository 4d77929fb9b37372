/** The account's vector stores, and a way to make one. They are asked for when the tab is first shown. */
import { Failure } from "../api/failure.ts";
import type { VectorStore } from "../api/store-types.ts";
import { find, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { latestOnly } from "../latest.ts";
import { chooseOffered, wantOffered } from "../offered.ts";
import { problem } from "../results/problem.ts";
import { onEnter } from "../submit.ts";
import { listStores, makeStore } from "./store-calls.ts";

/**
 * @param model gives the chosen model, which a new store is for
 * @param chosen is called with the id of another store, or "" for none
 * @returns a function that loads the menu
 */
export function storeMenu(
  section: HTMLElement,
  model: () => string,
  chosen: (store: string) => void,
): () => Promise<void> {
  const select = find(section, "#store", HTMLSelectElement);
  const hint = find(section, "[data-store-hint]");
  const slot = find(section, "[data-store-problem]");
  const fold = find(section, "[data-new-store]", HTMLDetailsElement);
  const name = find(section, "#store-name", HTMLInputElement);

  const load = latestOnly(async (_: void, signal) => {
    slot.replaceChildren();
    try {
      const stores = await listStores(signal);
      const none = make("option", { value: "" }, stores.length === 0 ? "None yet" : "Choose one…");
      const missing = chooseOffered(select, [none, ...stores.map(option)]);
      select.disabled = stores.length === 0;
      if (stores.length === 0) fold.open = true;
      hint.textContent = missing === undefined ? "" : "The store in this link is not one of this key's.";
    } catch (error) {
      signal.throwIfAborted();
      say(error);
    }
  });
  const create = async (): Promise<void> => {
    slot.replaceChildren();
    try {
      const made = await makeStore(name.value.trim() || "pictures", model());
      name.value = "";
      fold.open = false;
      wantOffered(select, made.id);
      await load();
      select.focus();
    } catch (error) {
      say(error);
    }
  };
  const say = (error: unknown): void => {
    if (!(error instanceof Failure)) throw error;
    slot.replaceChildren(problem(failureInWords(error), () => void load()));
  };
  select.addEventListener("change", () => chosen(select.value));
  find(section, "[data-make-store]").addEventListener("click", () => void create());
  onEnter(name, () => void create());
  return load;
}

function option({ id, name, file_counts: { total } }: VectorStore): HTMLOptionElement {
  return make("option", { value: id }, `${name || id} (${total} ${total === 1 ? "picture" : "pictures"})`);
}
