/** A picture, large, above the page. */
import { button, make } from "../dom.ts";

const TITLE = "picture-title";

/** @param content the picture and what belongs to it */
export function openPicture(name: string, ...content: HTMLElement[]): void {
  const dialog = make("dialog", { "aria-labelledby": TITLE, class: "one" });
  const close = button("Close", () => dialog.close());
  dialog.append(make("div", { class: "head" }, make("h2", { id: TITLE }, name), close), ...content);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
