/** Adds pictures to a vector store, with progress, a button that stops it, and reasons for those that were refused. */
import { Failure } from "../api/failure.ts";
import type { StoredPicture } from "../api/store-types.ts";
import { button, find, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { askMany, type Row } from "../many/ask-many.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Picture } from "../pictures/chosen-picture.ts";
import { problem } from "../results/problem.ts";
import { addPictures } from "./store-calls.ts";
import { keepThumbnail } from "./thumbnails.ts";

/**
 * @param fieldset has places for progress and problems
 * @param added is called when there are more pictures in the store
 * @returns a function that adds pictures; it does not begin while it is adding others
 */
export function pictureAdder(
  fieldset: HTMLElement,
  added: () => void,
): (store: string, pictures: readonly Picture[]) => Promise<void> {
  const progress = find(fieldset, "[data-adding]");
  const status = find(fieldset, "[data-added]");
  const slot = find(fieldset, "[data-add-problem]");

  return oneAtATime(async (store, pictures) => {
    const rows: Row<StoredPicture>[] = pictures.map((picture) => ({ picture }));
    const stop = new AbortController();
    const bar = make("progress", { max: String(rows.length), value: "0", "aria-label": "Pictures added" });
    const text = make("span", {}, `0 of ${rows.length}`);
    progress.replaceChildren(
      bar,
      text,
      button("Stop", () => stop.abort()),
    );
    slot.replaceChildren();
    status.textContent = "";
    const show = (waiting = ""): void => {
      bar.value = rows.filter(({ answer }) => answer !== undefined).length;
      text.textContent = `${bar.value} of ${rows.length}${waiting}`;
    };
    try {
      await askMany(
        rows,
        {
          ask: (some, signal) => addPictures(store, some, signal),
          answered: (some) => {
            some.forEach(keep);
            show();
          },
          waits: (seconds) => show(seconds > 0 ? `; the server is busy, waiting ${seconds} s` : ""),
        },
        stop.signal,
      );
    } catch (error) {
      if (error instanceof Failure) slot.replaceChildren(problem(failureInWords(error)));
      else if (!stop.signal.aborted) throw error;
    }
    const refused = rows.filter(({ answer }) => answer instanceof Failure);
    const count = rows.filter(({ answer }) => answer !== undefined).length - refused.length;
    progress.replaceChildren();
    status.textContent = `${count} of ${rows.length} ${rows.length === 1 ? "picture" : "pictures"} added.`;
    if (refused.length > 0) slot.append(make("ul", { class: "refusals" }, ...refused.map(refusal)));
    added();
  });
}

function keep({ picture, answer }: Row<StoredPicture>): void {
  if (answer !== undefined && !(answer instanceof Failure) && "file" in picture) {
    keepThumbnail(answer.id, picture.file);
  }
}

function refusal({ picture, answer }: Row<StoredPicture>): HTMLElement {
  const words = answer instanceof Failure ? failureInWords(answer).detail : "";
  return make("li", {}, make("strong", {}, picture.name), ` ${words}`);
}
