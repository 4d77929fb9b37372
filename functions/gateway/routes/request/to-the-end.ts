/** For changes that are not to stop half way. */
import type { Context } from "hono";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";

/** What was begun goes on if the client leaves: half a change is to be finished, or taken back. */
export async function toTheEnd<T>(c: Context<GatewayEnv>, work: Promise<T>): Promise<T> {
  c.executionCtx.waitUntil(work.catch(() => {}));
  return await work;
}
