/** Offers the deployment's models, each with its note. */
import { call } from "./api/call.ts";
import { models } from "./api/types.ts";
import { make } from "./dom.ts";
import { modelNote, remarkOn } from "./model-note.ts";
import { chooseOffered } from "./offered.ts";

/** @throws Failure */
export async function offerModels(select: HTMLSelectElement, signal: AbortSignal): Promise<void> {
  const { body } = await call("/v1/models", models, { signal });
  chooseOffered(
    select,
    body.data.map((model) =>
      make(
        "option",
        { value: model.id, "data-note": modelNote(model), "data-remark": remarkOn(model) },
        model.id,
      ),
    ),
  );
}
