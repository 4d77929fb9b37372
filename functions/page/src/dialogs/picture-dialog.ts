/** A picture, large, above the page. A press beside it closes it. */
import { button, make } from "../dom.ts";
import { openDialog } from "./open-dialog.ts";

const TITLE = "picture-title";

/** @param content the picture and what belongs to it */
export function openPicture(name: string, ...content: HTMLElement[]): void {
  const close = button("Close", () => dialog.close());
  const head = make("div", { class: "head" }, make("h2", { id: TITLE }, name), close);
  const dialog = openDialog({ "aria-labelledby": TITLE, class: "one" }, head, ...content);
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
