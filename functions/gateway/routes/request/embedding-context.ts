/** What embedding takes from the request that it is for. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import type { EmbedContext } from "../../embed/embed-context.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { towersOf } from "../../models/served-models.ts";

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
