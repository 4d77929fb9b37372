/** A button for each example picture. */
import { make } from "../dom.ts";
import { EXAMPLES, EXAMPLES_PATH } from "./first-examples.ts";
import type { PictureFile } from "./chosen-picture.ts";

/** @param choose gets the picture once it is loaded */
export function exampleButtons(choose: (picture: PictureFile) => void): HTMLElement[] {
  const alert = make("p", { class: "hint", role: "alert" });
  const buttons = EXAMPLES.map(({ file, name }) => {
    const path = EXAMPLES_PATH + file;
    const image = make("img", { src: path, alt: "", width: "40", height: "40" });
    const button = make("button", { type: "button", class: "example" }, image, name);
    const chosen = async (): Promise<void> => {
      alert.textContent = "";
      const picture = await load(path, file).catch(() => undefined);
      if (picture === undefined) alert.textContent = `The example ${file} cannot be loaded; try again.`;
      else choose(picture);
    };
    button.addEventListener("click", () => void chosen());
    return button;
  });
  return [...buttons, alert];
}

async function load(path: string, name: string): Promise<PictureFile> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const blob = await response.blob();
  const file = new File([blob], name, { type: blob.type });
  return { name, file, source: new URL(path, location.href).href };
}
