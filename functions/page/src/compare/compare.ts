/** The second tab: several pictures against several texts. */
import { ask } from "../shared/api.ts";
import { chosenModel } from "../shared/deployment.ts";
import { byId, typedById } from "../shared/dom.ts";
import { facts } from "../shared/facts.ts";
import { PictureField } from "../shared/picture-field.ts";
import { imageReference } from "../shared/picture.ts";
import { snippets } from "../shared/snippets.ts";
import { Missing, onSubmit } from "../shared/task.ts";
import { heatMap, type Row } from "./heat-map.ts";

/** What a request takes. */
const MAX_PICTURES = 16;

export function connectCompare(): void {
  const field = new PictureField(byId("compare-pictures"), {
    max: MAX_PICTURES,
    isActive: () => !byId("compare").hidden,
    onChange: () => {},
  });
  const places = {
    form: typedById("compare-form", HTMLFormElement),
    outcome: byId("compare-outcome"),
    more: byId("compare-more"),
  };
  onSubmit(places, async (signal) => {
    const { pictures } = field;
    const lines = typedById("texts", HTMLTextAreaElement).value.split("\n");
    const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
    if (pictures.length === 0) throw new Missing("Choose a picture first.");
    if (texts.length === 0) throw new Missing("Write at least one text.");
    const model = chosenModel();
    const fields = { ...(model === undefined ? {} : { model }), texts };
    const images = await Promise.all(pictures.map((picture) => imageReference(picture)));
    const answered = await ask<{ data: Row[] }>("/v1/similarity", { images, ...fields }, signal);
    return {
      outcome: [heatMap(pictures, texts, answered.body.data)],
      more: [facts(answered), snippets({ endpoint: "similarity", pictures, fields })],
    };
  });
}
