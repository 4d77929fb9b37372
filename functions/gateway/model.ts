/** Which model a request means, and what the API says about it. */
import type { Context } from "hono";
import type { Manifest } from "../../model-shards/manifest.ts";
import { ServiceError } from "../runtime/errors.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import type { GatewayEnv } from "./env.ts";

/**
 * The manifest of the model that the request names, or of the deployment's if it names none. Read from R2 once per
 * isolate.
 * @throws ServiceError `model_not_found`, `model_unavailable`
 */
export async function requestedModel(
  c: Context<GatewayEnv>,
  model: string | null | undefined,
): Promise<Manifest> {
  const manifest = await leasedManifest(c.env, (work) => c.executionCtx.waitUntil(work));
  if (model != null && model !== manifest.id && model !== manifest.alias) {
    const message = `there is no model "${model}"; this deployment serves "${manifest.id}"`;
    throw new ServiceError("model_not_found", message, { param: "model" });
  }
  return manifest;
}

/** OpenAI's model object and what a client of this API needs besides. */
export function describeModel(manifest: Manifest): object {
  return {
    id: manifest.id,
    object: "model",
    created: 0,
    owned_by: manifest.id.split("/", 1)[0],
    alias: manifest.alias,
    revision: manifest.revision,
    embedding_width: manifest.embedding_width,
    image_size: manifest.image.size,
    context_length: manifest.text.context_length,
    license: manifest.license,
  };
}
