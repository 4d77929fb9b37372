/** The envelope of every answer that a model gave: OpenAI's list, with the model's revision and what it took. */
import type { Context } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { reportUsage, type Usage } from "../embed/usage.ts";
import type { GatewayEnv } from "../env.ts";
import { randomId } from "../http/random-id.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";

/**
 * @param idPrefix of the answer's id, such as `cls`
 * @param data one object a picture or input
 */
export function inferenceResponse(
  c: Context<GatewayEnv>,
  idPrefix: string,
  manifest: Manifest,
  data: readonly object[],
  usage: Usage,
): object {
  const { id: model, revision } = manifest;
  c.set("answeredBy", modelReference(manifest));
  return {
    id: randomId(idPrefix),
    object: "list",
    created: Math.floor(Date.now() / 1000),
    model,
    revision,
    data,
    usage: reportUsage(c, usage),
  };
}
