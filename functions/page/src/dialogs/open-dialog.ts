/** A dialog above the page. Escape closes it, and the focus goes back to where it was. */
import { make } from "../dom.ts";

/** @param attributes with the class, and what screen readers call it */
export function openDialog(
  attributes: Readonly<Record<string, string>>,
  ...content: HTMLElement[]
): HTMLDialogElement {
  const dialog = make("dialog", attributes, ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
