/** The route that a request took, as a pattern: ids in paths say nothing to who watches, and a path may be anything. */
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import type { GatewayEnv } from "./gateway-env.ts";

/** @returns such as `/v1/label_sets/:id`; `*` if there is none */
export function routeOf(c: Context<GatewayEnv>): string {
  return matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "*";
}
