/** What every answer of a model has in common: its model and revision, what it took, and mostly OpenAI's list. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import type { Usage } from "../../embed/usage.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { reportUsage } from "./report-usage.ts";
import { randomId } from "../../random-id.ts";
import { modelReference } from "../../../../model-shards/model-reference.ts";

/** OpenAI's list, and which revision of the model made it. */
export interface Inference {
  id: string;
  object: "list";
  /** Seconds since 1970. */
  created: number;
  model: string;
  revision: string;
  data: readonly object[];
  usage: object;
}

/** Notes the model for the logs and the usage records, and names it as the API does. */
export function answeredBy(c: Context<GatewayEnv>, manifest: Manifest): { model: string; revision: string } {
  c.set("answeredBy", modelReference(manifest));
  return { model: manifest.id, revision: manifest.revision };
}

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
): Inference {
  return {
    id: randomId(idPrefix),
    object: "list",
    created: Math.floor(Date.now() / 1000),
    ...answeredBy(c, manifest),
    data,
    usage: reportUsage(c, usage),
  };
}
