/**
 * The input for pictures: chosen, dropped, pasted, linked or taken from the examples. The drop area is a button, so
 * that it also works from the keyboard.
 */
import { find, make } from "../dom.ts";
import { onEnter } from "../submit.ts";
import { exampleButtons } from "./example-buttons.ts";
import { type Picture, pictureOfLink, transferredPictures } from "./chosen-picture.ts";

/**
 * @param fieldset the input's elements; a link and examples only if it has places for them
 * @param take gets the pictures, at least one
 * @param isShown true if this input's tab is shown; only that input handles a paste, which reaches the whole page
 */
export function pictureInput(
  fieldset: HTMLElement,
  take: (pictures: Picture[]) => void,
  isShown: () => boolean,
): void {
  const drop = find(fieldset, "[data-drop]", HTMLButtonElement);
  const file = find(fieldset, "[data-file]", HTMLInputElement);
  const takeAny = (pictures: Picture[]): boolean => {
    if (pictures.length > 0) take(pictures);
    return pictures.length > 0;
  };

  drop.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    takeAny([...(file.files ?? [])].map((each) => ({ name: each.name, file: each })));
    // Clear the value, so that choosing the same file again also causes a change event.
    file.value = "";
  });

  for (const type of ["dragenter", "dragover", "dragleave", "drop"] as const) {
    fieldset.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragenter" || type === "dragover");
      if (type === "drop") takeAny(transferredPictures(event.dataTransfer));
    });
  }

  document.addEventListener("paste", (event) => {
    if (!isShown() || (isTextField(event.target) && event.clipboardData?.files.length === 0)) return;
    if (takeAny(transferredPictures(event.clipboardData))) event.preventDefault();
  });

  if (fieldset.querySelector("[data-link]") !== null) linkField(fieldset, (picture) => take([picture]));
  fieldset
    .querySelector("[data-examples]")
    ?.append(
      make("span", { "aria-hidden": "true" }, "Examples"),
      ...exampleButtons((picture) => take([picture])),
    );
}

function isTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function linkField(fieldset: HTMLElement, take: (picture: Picture) => void): void {
  const link = find(fieldset, "[data-link]", HTMLInputElement);
  const add = (): void => {
    const picture = pictureOfLink(link.value);
    link.setCustomValidity(picture === undefined ? "A link begins with https:// or http://" : "");
    if (picture === undefined) {
      link.reportValidity();
      return;
    }
    link.value = "";
    take(picture);
  };
  find(fieldset, "[data-add-link]").addEventListener("click", add);
  link.addEventListener("input", () => link.setCustomValidity(""));
  onEnter(link, add);
}
