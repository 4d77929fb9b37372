/**
 * The models that a deployment serves. The variable SERVED_MODELS lists them, the default first. The n-th model's
 * towers are behind the n-th pair of bindings. The deployment's scripts write the list; see
 * `scripts/worker-configs.ts`.
 */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { configuredModel } from "../../runtime/model-store/configured-model.ts";
import type { TextRpc, VisionRpc } from "../../runtime/rpc.ts";
import type { Bindings } from "../bindings.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";

export interface ServedModel {
  /** `<alias>@<revision>`. */
  reference: string;
  alias: string;
  vision: VisionRpc;
  text: TextRpc;
}

/** `<alias>@<revision>` of each, as configured. */
export function listedModels(env: Bindings): string[] {
  return (env.SERVED_MODELS ?? "").split(",").map((listed) => listed.trim());
}

/** @throws ServiceError `not_configured` */
export function servedModels(env: Bindings): ServedModel[] {
  return listedModels(env).map((reference, index) => {
    const { alias } = configuredModel(reference);
    const suffix = index === 0 ? "" : (`_${index + 1}` as const);
    const vision = env[`VISION${suffix}`];
    const text = env[`TEXT${suffix}`];
    if (vision === undefined || text === undefined) {
      throw new ServiceError(
        "not_configured",
        `the model ${reference} is in SERVED_MODELS but has no bindings to its towers`,
      );
    }
    return { reference, alias, vision, text };
  });
}

/** @param model `<alias>@<revision>` @throws ServiceError `model_not_found`, `not_configured` */
export function servedModel(env: Bindings, model: string): ServedModel {
  const served = servedModels(env).find(({ reference }) => reference === model);
  if (served === undefined) throw new ServiceError("model_not_found", `the model ${model} is not served`);
  return served;
}

/** @throws ServiceError `not_configured` */
export function towersOf(env: Bindings, manifest: Manifest): Pick<ServedModel, "vision" | "text"> {
  const served = servedModels(env).find(({ reference }) => reference === modelReference(manifest));
  if (served === undefined)
    throw new ServiceError("not_configured", `the model ${manifest.alias} is not served`);
  return served;
}
