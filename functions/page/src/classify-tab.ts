/** The tab that classifies one picture, or many: at once when they are chosen, and again on request. */
import { call } from "./api/call.ts";
import { classification } from "./api/types.ts";
import { type ApiRequest, requestInit } from "./api-request.ts";
import { find, make } from "./dom.ts";
import { labelInput } from "./labels/label-input.ts";
import { showMany } from "./many/show-many.ts";
import { outcome } from "./outcome.ts";
import type { Picture } from "./pictures/chosen-picture.ts";
import { pictureInput } from "./pictures/picture-input.ts";
import { preview } from "./pictures/preview.ts";
import { showClassification } from "./results/classification.ts";
import { measurements } from "./results/measurements.ts";
import { onSubmit } from "./submit.ts";

/** Short enough to read at a glance. */
const TOP_K = 10;
/** Pictures in a table. A folder of any size is a task for `npm run classify`. */
const MAX_PICTURES = 1000;

/**
 * @param model the menu of models
 * @param loadSets loads the menu of label sets again
 */
export function classify(
  section: HTMLElement,
  model: HTMLSelectElement,
  loadSets: () => Promise<void>,
): void {
  const fieldset = find(section, ".pictures");
  const drop = find(fieldset, "[data-drop]");
  let chosen: readonly Picture[] = [];
  const runAgain = (): void => {
    if (chosen.length > 0 && labels.count() > 0) run();
  };
  const labels = labelInput(find(section, "[data-labels]"), model, runAgain, loadSets);
  const shown = outcome(
    find(section, "[data-outcome]"),
    "classify-snippet",
    "Choose pictures, or one of the examples. The model says which of the labels fits each best.",
  );

  const askOne = async (request: ApiRequest, count: number, signal: AbortSignal): Promise<void> => {
    const ask = async (topK: number) => {
      const asked = { ...request, fields: { ...request.fields, top_k: topK } };
      return await call(request.path, classification, { ...requestInit(asked), signal });
    };
    const answer = await ask(TOP_K);
    const { element, spoken } = showClassification(answer.body.data[0], {
      count,
      fields: request.fields,
      all: async () => (await ask(count)).body.data[0],
    });
    shown.show("result", element);
    shown.show("announcement", spoken);
    shown.show("measurements", measurements(answer));
    shown.bringIntoSight();
  };
  const run = (): void => {
    const [first, ...others] = chosen;
    if (first === undefined) {
      drop.focus();
      return;
    }
    const fields = { ...labels.fields(), top_k: TOP_K };
    const request: ApiRequest = { path: "/v1/classify", pictures: [first], model: model.value, fields };
    const count = labels.count();
    if (others.length > 0) shown.start(showMany(shown, chosen, request, count));
    else shown.start({ request, run: (signal) => askOne(request, count, signal) });
  };
  pictureInput(
    fieldset,
    (pictures) => {
      chosen = pictures.slice(0, MAX_PICTURES);
      find(fieldset, "[data-too-many]").textContent =
        pictures.length > MAX_PICTURES
          ? `Only the first ${MAX_PICTURES} of ${pictures.length} pictures are taken. For more, “npm run classify” takes a folder.`
          : "";
      drop.replaceChildren(...summaryOf(chosen));
      runAgain();
    },
    () => !section.hidden,
  );
  onSubmit(find(section, "form", HTMLFormElement), run);
}

/** What the drop area shows when there are pictures. */
function summaryOf([first, ...others]: readonly Picture[]): HTMLElement[] {
  if (first === undefined) return [];
  const isOne = others.length === 0;
  const title = isOne ? first.name : `${others.length + 1} pictures`;
  const name = make("span", { class: "name" }, make("strong", {}, title), make("span", {}, "Choose others"));
  return isOne ? [preview(first, false), name] : [name];
}
