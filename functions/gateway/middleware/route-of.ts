/** The route of a request, as a pattern. Logs group by it; a path itself may contain ids, or anything at all. */
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import type { GatewayEnv } from "./gateway-env.ts";

/** @returns for example `/v1/label_sets/:id`; `*` if no route matched */
export function routeOf(c: Context<GatewayEnv>): string {
  return matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "*";
}
