/** Offers the deployment's models, each with its note. */
import { call } from "./api/call.ts";
import { models } from "./api/types.ts";
import { make } from "./dom.ts";
import { modelNote } from "./model-note.ts";

/** @throws Failure */
export async function offerModels(select: HTMLSelectElement, signal: AbortSignal): Promise<void> {
  const { body } = await call("/v1/models", models, { signal });
  const chosen = select.value;
  const options = body.data.map((model) =>
    make("option", { value: model.id, "data-note": modelNote(model) }, model.id),
  );
  select.replaceChildren(...options);
  if (body.data.some(({ id }) => id === chosen)) select.value = chosen;
  select.dispatchEvent(new Event("change"));
}
