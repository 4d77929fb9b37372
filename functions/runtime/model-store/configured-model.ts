/** Parses the model that a Worker's configuration or a message of the queue names. */
import { type ModelReference, parseModelReference } from "../../../model-shards/model-reference.ts";
import { ServiceError } from "../errors.ts";

/** @throws ServiceError `not_configured` if the text is not `<alias>@<revision>` */
export function configuredModel(model: string | undefined): ModelReference {
  const reference = parseModelReference(model ?? "");
  if (reference === undefined) {
    throw new ServiceError("not_configured", "the variable MODEL must be <alias>@<revision>");
  }
  return reference;
}
