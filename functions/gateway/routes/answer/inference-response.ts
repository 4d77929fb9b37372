/** The fields that every answer of a model has: its model and revision, the usage, and mostly OpenAI's list. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import type { Usage } from "../../embed/usage.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { reportUsage } from "./report-usage.ts";
import { randomId } from "../../random-id.ts";
import { modelReference } from "../../../../model-shards/model-reference.ts";
import { unixSeconds } from "../../../runtime/unix-seconds.ts";

/** OpenAI's list, with the model's revision. */
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

/** Records the model for logs and usage, and gives its name and revision as the API shows them. */
export function answeredBy(c: Context<GatewayEnv>, manifest: Manifest): { model: string; revision: string } {
  c.set("answeredBy", modelReference(manifest));
  return { model: manifest.id, revision: manifest.revision };
}

/**
 * @param idPrefix prefix of the answer's id, such as `cls`
 * @param data one object for each picture or input
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
    created: unixSeconds(),
    ...answeredBy(c, manifest),
    data,
    usage: reportUsage(c, usage),
  };
}
