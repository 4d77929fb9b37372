/**
 * Shows a picture. A link is shown as text, because the page loads nothing from other origins. A file in a format that
 * the browser cannot show is shown as its name; the server may still be able to read it.
 */
import { make } from "../dom.ts";
import type { Picture } from "./chosen-picture.ts";

/** @param describe true if a screen reader should say the picture's name; false where the name is written beside it */
export function preview(picture: Picture, describe = true): HTMLElement {
  if ("link" in picture && !picture.link.startsWith("data:"))
    return placeholder("link", describe ? picture.name : "");
  const url = "link" in picture ? picture.link : URL.createObjectURL(picture.file);
  const image = make("img", { loading: "lazy", src: url, alt: describe ? picture.name : "" });
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
