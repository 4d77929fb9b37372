/** The pictures of a comparison, each with a button that removes it. */
import { find, make } from "../dom.ts";
import type { Picture } from "./chosen-picture.ts";
import { preview } from "./preview.ts";

export interface ChosenList {
  pictures(): readonly Picture[];
  add(pictures: readonly Picture[]): void;
}

/** @param fieldset holds the list; its `data-pictures` is the API's limit */
export function chosenList(fieldset: HTMLElement): ChosenList {
  const list = find(fieldset, "[data-chosen]");
  const drop = find(fieldset, "[data-drop]");
  const most = Number(fieldset.dataset["pictures"]);
  let chosen: Picture[] = [];

  const show = (): void => {
    list.replaceChildren(
      ...chosen.map((picture, index) => {
        const remove = make(
          "button",
          { type: "button" },
          make("span", { "aria-hidden": "true" }, "×"),
          make("span", { class: "visually-hidden" }, `Remove ${picture.name}`),
        );
        remove.addEventListener("click", () => {
          chosen = chosen.filter((each) => each !== picture);
          show();
          // Move the focus: the button that had it is gone.
          (list.querySelectorAll("button")[Math.min(index, chosen.length - 1)] ?? drop).focus();
        });
        return make("li", {}, preview(picture), remove);
      }),
    );
    list.hidden = chosen.length === 0;
  };

  show();
  return {
    pictures: () => chosen,
    add: (pictures) => {
      chosen = [...chosen, ...pictures].slice(0, most);
      show();
    },
  };
}
