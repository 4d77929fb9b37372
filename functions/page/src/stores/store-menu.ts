/** The account's vector stores, and ways to make one and to delete one. */
import { Failure } from "../api/failure.ts";
import type { VectorStore } from "../api/store-types.ts";
import { confirmDeletion } from "../dialogs/confirm-deletion.ts";
import { find, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { latestOnly } from "../latest.ts";
import { chooseOffered, forgetOffered, wantOffered } from "../offered.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { problem } from "../results/problem.ts";
import { onEnter } from "../submit.ts";
import { listStores, makeStore, pathOf } from "./store-calls.ts";

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
      hint.textContent = stores.length === 0 ? "A store keeps pictures of yours, to be searched." : "";
      if (missing !== undefined) hint.textContent = "The store in this link is not one of this key's.";
    } catch (error) {
      signal.throwIfAborted();
      say(error);
    }
  });
  const create = oneAtATime(async () => {
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
  });
  const erase = (): void => {
    const { value: store } = select;
    const { title, pictures } = select.selectedOptions[0]?.dataset ?? {};
    if (store === "") return;
    confirmDeletion({
      title: `Delete the store “${title}”?`,
      lost: `${lossOf(Number(pictures))} This cannot be undone.`,
      path: pathOf(store),
      done: () => {
        forgetOffered(select, store);
        select.focus();
        void load().then(() => {
          hint.textContent = `“${title}” is deleted.`;
          if (select.disabled) name.focus();
        });
      },
    });
  };
  const say = (error: unknown): void => {
    if (!(error instanceof Failure)) throw error;
    slot.replaceChildren(problem(failureInWords(error), () => void load()));
  };
  const remove = find(section, "[data-delete-store]");
  remove.addEventListener("click", erase);
  select.addEventListener("change", () => {
    remove.hidden = select.value === "";
    chosen(select.value);
  });
  find(section, "[data-make-store]").addEventListener("click", () => void create());
  onEnter(name, () => void create());
  return load;
}

function lossOf(pictures: number): string {
  if (pictures === 0) return "It has no pictures.";
  return (
    `Its ${pictures === 1 ? "picture" : `${pictures} pictures`} cannot be searched any more, by this page or by ` +
    "programs. The picture files stay among the account's files, so you can add them to another store."
  );
}

function option({ id, name, file_counts: { total } }: VectorStore): HTMLOptionElement {
  return make(
    "option",
    { value: id, "data-title": name || id, "data-pictures": String(total) },
    `${name || id} (${total} ${total === 1 ? "picture" : "pictures"})`,
  );
}
