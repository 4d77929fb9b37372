/** The pictures in a vector store, the newest first, each with a button that takes it out. */
import { Failure } from "../api/failure.ts";
import type { StoredPicture } from "../api/store-types.ts";
import { button, crossButton, find, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { latestOnly } from "../latest.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { problem } from "../results/problem.ts";
import { listPictures, takeOut } from "./store-calls.ts";
import { thumbnail } from "./thumbnails.ts";

/** @param changed is called when a picture was taken out */
export function storeContents(details: HTMLDetailsElement, changed: () => void): (store: string) => void {
  const list = find(details, "ul");
  const more = find(details, "[data-more]");
  const slot = find(details, "[role=alert]");
  let store = "";

  const show = latestOnly(async (after: string | undefined, signal) => {
    try {
      const { data, has_more: hasMore } = await listPictures(store, after, signal);
      const items = data.map(item);
      if (after === undefined) list.replaceChildren(...items);
      else list.append(...items);
      const last = data.at(-1)?.id;
      more.replaceChildren(
        ...(hasMore && last !== undefined ? [button("Show more", () => void show(last))] : []),
      );
    } catch (error) {
      signal.throwIfAborted();
      say(error);
    }
  });
  const say = (error: unknown): void => {
    if (!(error instanceof Failure)) throw error;
    slot.replaceChildren(problem(failureInWords(error)));
  };
  const item = ({ id, filename }: StoredPicture): HTMLElement => {
    const take = oneAtATime(async () => {
      slot.replaceChildren();
      try {
        await takeOut(store, id);
        changed();
        // Another store is shown by now.
        if (!element.isConnected) return;
        // Move the focus: the button that had it is gone.
        const next = (element.nextElementSibling ?? element.previousElementSibling)?.querySelector("button");
        (next ?? find(details, "summary")).focus();
        element.remove();
      } catch (error) {
        if (element.isConnected) say(error);
      }
    });
    const element = make(
      "li",
      { title: filename },
      thumbnail(id),
      make("span", { class: "visually-hidden" }, filename),
      crossButton(`Take ${filename} out`, () => void take()),
    );
    return element;
  };
  const load = (): void => {
    slot.replaceChildren();
    if (details.open && store !== "") void show(undefined);
  };
  details.addEventListener("toggle", load);
  return (chosen) => {
    if (chosen !== store) {
      show.cancel();
      for (const each of [list, more]) each.replaceChildren();
    }
    store = chosen;
    load();
  };
}
