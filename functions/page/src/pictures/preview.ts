/**
 * A picture to look at. Of a link only its text is shown: the page loads nothing from other origins. A file in a format
 * that the browser does not know is shown by its name; the server may know it all the same.
 */
import { make } from "../dom.ts";
import type { Picture } from "./chosen-picture.ts";

/** @param describe whether the picture's name is said; not where it is written beside it */
export function preview(picture: Picture, describe = true): HTMLElement {
  if ("link" in picture && !picture.link.startsWith("data:"))
    return placeholder("link", describe ? picture.name : "");
  const url = "link" in picture ? picture.link : URL.createObjectURL(picture.file);
  const image = make("img", { src: url, alt: describe ? picture.name : "" });
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  image.addEventListener(
    "error",
    () => {
      URL.revokeObjectURL(url);
      image.replaceWith(placeholder("file", describe ? picture.name : ""));
    },
    { once: true },
  );
  return image;
}

function placeholder(kind: "link" | "file", name: string): HTMLElement {
  const spoken = name === "" ? [] : [make("span", { class: "visually-hidden" }, name)];
  return make("span", { class: "placeholder" }, make("span", {}, kind), ...spoken);
}
