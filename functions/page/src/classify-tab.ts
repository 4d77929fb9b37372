/** The tab that classifies one picture: at once when a picture is chosen, and again on request. */
import { call } from "./api/call.ts";
import { classification } from "./api/types.ts";
import { find, make } from "./dom.ts";
import { labelInput } from "./labels/label-input.ts";
import { outcome } from "./outcome.ts";
import type { Picture } from "./pictures/chosen-picture.ts";
import { pictureInput } from "./pictures/picture-input.ts";
import { preview } from "./pictures/preview.ts";
import { showClassification } from "./results/classification.ts";
import { onSubmit } from "./submit.ts";

/** Short enough to read at a glance. */
const TOP_K = 10;

/** @param model the menu of models */
export function classify(section: HTMLElement, model: HTMLSelectElement): void {
  const fieldset = find(section, ".pictures");
  const drop = find(fieldset, "[data-drop]");
  const labels = labelInput(find(section, "[data-labels]"), model, () => {
    if (picture !== undefined && labels.isFilled()) run();
  });
  const send = outcome(find(section, "[data-outcome]"), {
    name: "classify-snippet",
    empty: "Choose a picture, or one of the examples.",
    ask: (path, init) => call(path, classification, init),
    show: showClassification,
  });
  let picture: Picture | undefined;

  const run = (): void => {
    if (picture === undefined) {
      drop.focus();
      return;
    }
    const fields = { ...labels.fields(), top_k: TOP_K };
    send({ path: "/v1/classify", pictures: [picture], model: model.value, fields });
  };
  pictureInput(
    fieldset,
    ([first]) => {
      if (first === undefined) return;
      picture = first;
      const name = make(
        "span",
        { class: "name" },
        make("strong", {}, first.name),
        make("span", {}, "Choose another"),
      );
      drop.replaceChildren(preview(first, false), name);
      if (labels.isFilled()) run();
    },
    () => !section.hidden,
  );
  onSubmit(find(section, "form", HTMLFormElement), run);
}
