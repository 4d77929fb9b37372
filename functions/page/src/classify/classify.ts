/** The first tab: one picture, many labels. */
import { type Answered, ask } from "../shared/api.ts";
import { chosenModel } from "../shared/deployment.ts";
import { byId, typedById } from "../shared/dom.ts";
import { facts } from "../shared/facts.ts";
import { PictureField } from "../shared/picture-field.ts";
import type { Picture } from "../shared/picture.ts";
import { snippets } from "../shared/snippets.ts";
import { Missing, onSubmit } from "../shared/task.ts";
import { bars, type Classification } from "./bars.ts";

const labels = typedById("labels", HTMLTextAreaElement);
const labelSet = typedById("label-set", HTMLSelectElement);
const templates = typedById("templates", HTMLSelectElement);
const ownTemplate = typedById("own-template", HTMLInputElement);

export function connectClassify(): void {
  const form = typedById("classify-form", HTMLFormElement);
  const field = new PictureField(byId("classify-picture"), {
    max: 1,
    isActive: () => !byId("classify").hidden,
    // A picture is a question: what is it?
    onChange: () => field.pictures.length > 0 && form.requestSubmit(),
  });
  for (const select of [labelSet, templates]) select.addEventListener("change", followChoices);
  const places = { form, outcome: byId("classify-outcome"), more: byId("classify-more") };
  onSubmit(places, async (signal) => {
    const [picture] = field.pictures;
    if (picture === undefined) throw new Missing("Choose a picture first.");
    const fields = requestFields();
    const answered = await send(picture, fields, signal);
    const [classification] = answered.body.data;
    if (classification === undefined) throw new Missing("The answer names no picture.");
    return {
      outcome: bars(classification),
      more: [facts(answered), snippets({ endpoint: "classify", pictures: [picture], fields })],
    };
  });
}

/** A stored set brings its templates along. */
function followChoices(): void {
  const isStored = labelSet.value !== "";
  [labels.disabled, templates.disabled] = [isStored, isStored];
  byId("own-template-field").hidden = isStored || templates.value !== "own";
}

function requestFields(): Record<string, unknown> {
  const model = chosenModel();
  const common = model === undefined ? {} : { model };
  if (labelSet.value !== "") return { ...common, label_set: labelSet.value, top_k: 10 };
  const listed = labels.value.split(/[\n,]/).map((label) => label.trim());
  const named = listed.filter((label) => label !== "");
  if (named.length === 0) throw new Missing("Name at least one label.");
  const template = templates.value === "own" ? ownTemplate.value : templates.value;
  return { ...common, labels: named, ...(template === "" ? {} : { templates: template }), top_k: 10 };
}

async function send(
  { source }: Picture,
  fields: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Answered<{ data: Classification[] }>> {
  if ("url" in source) return await ask("/v1/classify", { images: [source.url], ...fields }, signal);
  const form = new FormData();
  // In a form the model comes before the pictures that are for it.
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  form.set("image", source.file);
  return await ask("/v1/classify", form, signal);
}
