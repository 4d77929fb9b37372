/** The tab that compares several pictures with several texts. */
import { call } from "./api/call.ts";
import { similarity } from "./api/types.ts";
import { find } from "./dom.ts";
import { lines, showCount } from "./labels/lines.ts";
import { outcome } from "./outcome.ts";
import { chosenList } from "./pictures/chosen-list.ts";
import { pictureInput } from "./pictures/picture-input.ts";
import { showHeatMap } from "./results/heat-map.ts";
import { onSubmit } from "./submit.ts";

/** @param model gives the chosen model */
export function compare(section: HTMLElement, model: () => string): void {
  const fieldset = find(section, ".pictures");
  const texts = find(section, "#texts", HTMLTextAreaElement);
  const chosen = chosenList(fieldset);
  const send = outcome(find(section, "[data-outcome]"), {
    name: "compare-snippet",
    empty: "Choose pictures, then compare them with the texts.",
    ask: (path, init) => call(path, similarity, init),
    show: (body, { pictures }) => showHeatMap(body, pictures),
  });
  showCount(texts, find(section, "[data-count]"), lines);
  pictureInput(
    fieldset,
    (pictures) => chosen.add(pictures),
    () => !section.hidden,
  );
  onSubmit(find(section, "form", HTMLFormElement), () => {
    const pictures = chosen.pictures();
    if (pictures.length === 0) find(fieldset, "[data-drop]").focus();
    else send({ path: "/v1/similarity", pictures, model: model(), fields: { texts: lines(texts.value) } });
  });
}
