/** Shows the pictures that a search found, the nearest first. */
import type { Match } from "../api/store-types.ts";
import { openPicture } from "../dialogs/picture-dialog.ts";
import { button, make } from "../dom.ts";
import { thumbnail } from "../stores/thumbnails.ts";
import type { Shown } from "./classification.ts";
import { cosineText } from "./figures.ts";

/** @param more asks for more pictures, if there are any */
export function showGallery(matches: readonly Match[], more?: () => void): Shown {
  const [best] = matches;
  if (best === undefined) {
    const text = "There is no picture in this store yet. Add some first.";
    return { element: make("p", { class: "empty" }, text), spoken: "No pictures." };
  }
  const caption = make(
    "p",
    { class: "caption" },
    "The nearest first, each with its similarity, from −1 to 1. For words, 0.3 is high.",
  );
  const list = make("ol", { class: "gallery", "aria-label": "Pictures found" }, ...matches.map(item));
  const element = make("div", {}, caption, list);
  if (more !== undefined) element.append(make("p", { class: "cut" }, button("Show more", more)));
  return { element, spoken: `${matches.length} pictures, the nearest is ${best.filename}` };
}

function item({ file_id: id, filename, score }: Match): HTMLElement {
  const name = make("span", { class: "name" }, filename);
  const open = button(thumbnail(id), () => openPicture(filename, thumbnail(id)), {
    "aria-haspopup": "dialog",
  });
  open.append(name, make("strong", {}, cosineText(score)));
  return make("li", {}, open);
}
