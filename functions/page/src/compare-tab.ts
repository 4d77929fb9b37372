/** The tab that compares several pictures with several texts. */
import { call } from "./api/call.ts";
import { similarity } from "./api/types.ts";
import { type ApiRequest, requestInit } from "./api-request.ts";
import { find } from "./dom.ts";
import { lines, showCount } from "./labels/lines.ts";
import { outcome } from "./outcome.ts";
import { chosenList } from "./pictures/chosen-list.ts";
import { pictureInput } from "./pictures/picture-input.ts";
import { showHeatMap } from "./results/heat-map.ts";
import { measurements } from "./results/measurements.ts";
import { onSubmit } from "./submit.ts";

/** @param model gives the chosen model */
export function compare(section: HTMLElement, model: () => string): void {
  const fieldset = find(section, ".pictures");
  const texts = find(section, "#texts", HTMLTextAreaElement);
  const chosen = chosenList(fieldset);
  const shown = outcome(
    find(section, "[data-outcome]"),
    "compare-snippet",
    "Choose pictures, then compare them with the texts. A table says how near they are.",
  );
  const ask = async (request: ApiRequest, signal: AbortSignal): Promise<void> => {
    const answer = await call(request.path, similarity, { ...requestInit(request), signal });
    const { element, spoken } = showHeatMap(answer.body, request.pictures);
    shown.show("result", element);
    shown.show("announcement", spoken);
    shown.show("measurements", measurements(answer));
    shown.bringIntoSight();
  };
  showCount(texts, find(section, "[data-count]"), lines);
  pictureInput(
    fieldset,
    (pictures) => chosen.add(pictures),
    () => !section.hidden,
  );
  onSubmit(find(section, "form", HTMLFormElement), () => {
    const pictures = chosen.pictures();
    if (pictures.length === 0) {
      find(fieldset, "[data-drop]").focus();
      return;
    }
    const request: ApiRequest = {
      path: "/v1/similarity",
      pictures,
      model: model(),
      fields: { texts: lines(texts.value) },
    };
    shown.start({ request, run: (signal) => ask(request, signal) });
  });
}
