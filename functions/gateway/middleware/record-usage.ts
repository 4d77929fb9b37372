/** Records the cost of each request as one data point, after the response. */
import { createMiddleware } from "hono/factory";
import { usagePoint } from "../../usage/usage-point.ts";
import type { GatewayEnv } from "./gateway-env.ts";
import { callerOf } from "./caller-of.ts";
import { routeOf } from "./route-of.ts";

export const recordUsage = createMiddleware<GatewayEnv>(async (c, next) => {
  await next();
  const { account, keyId, tier } = callerOf(c);
  const usage = c.get("usage");
  const point = usagePoint({
    account,
    key: keyId ?? "",
    tier,
    route: routeOf(c),
    status: String(c.res.status),
    code: c.get("errorCode") ?? "",
    model: c.get("answeredBy") ?? "",
    requests: 1,
    images: usage?.images ?? 0,
    cached_images: usage?.cachedImages ?? 0,
    tokens: usage?.tokens ?? 0,
    cached_tokens: usage?.cachedTokens ?? 0,
    milliseconds: c.get("timings").total,
  });
  c.env.USAGE?.writeDataPoint(point);
});
