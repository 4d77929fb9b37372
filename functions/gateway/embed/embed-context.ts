/** What embedding takes from the request that it is for. */
import type { Context } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { TextCall } from "../../embed/compute-prompts.ts";
import type { Anchor } from "../../runtime/lease.ts";
import type { Wanted } from "../../runtime/wanted.ts";
import type { Bindings, GatewayEnv } from "../env.ts";
import type { Timings } from "../http/timings.ts";
import { type ServedModel, towersOf } from "../served-models.ts";

export interface EmbedContext {
  env: Bindings;
  manifest: Manifest;
  /** The model's. */
  towers: Pick<ServedModel, "vision" | "text">;
  timings: Timings;
  /** Names the request in the logs of every Worker. */
  requestId: string;
  /** False once the client has left. */
  wanted: Wanted;
  waitUntil: Anchor;
}

export function embedContext(c: Context<GatewayEnv>, manifest: Manifest): EmbedContext {
  return {
    env: c.env,
    manifest,
    towers: towersOf(c.env, manifest),
    timings: c.get("timings"),
    requestId: c.get("requestId"),
    wanted: () => !c.req.raw.signal.aborted,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
}

export function textCall({ manifest, towers, requestId, wanted }: EmbedContext): TextCall {
  return { manifest, text: towers.text, requestId, wanted };
}
