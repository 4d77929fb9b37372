/** The pictures of a comparison, each with a button that removes it. */
import { crossButton, find, make } from "../dom.ts";
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
  const tooMany = find(fieldset, "[data-too-many]");
  let chosen: Picture[] = [];

  const show = (): void => {
    list.replaceChildren(
      ...chosen.map((picture, index) => {
        const remove = crossButton(`Remove ${picture.name}`, () => {
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
      const all = [...chosen, ...pictures];
      chosen = all.slice(0, most);
      tooMany.textContent =
        all.length > most ? `At most ${most} pictures at once: ${all.length - most} were left out.` : "";
      show();
    },
  };
}
