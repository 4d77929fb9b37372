/** Records the cost of each request as one data point, after the response. */
import { createMiddleware } from "hono/factory";
import type { GatewayEnv } from "./gateway-env.ts";
import { callerOf } from "./caller-of.ts";
import { routeOf } from "./route-of.ts";

export const recordUsage = createMiddleware<GatewayEnv>(async (c, next) => {
  await next();
  const { account, keyId, tier } = callerOf(c);
  const { images, cachedImages, tokens, cachedTokens } = c.get("usage") ?? {
    images: 0,
    cachedImages: 0,
    tokens: 0,
    cachedTokens: 0,
  };
  // Analytics Engine columns have no names: docs/access.md lists what each holds.
  c.env.USAGE?.writeDataPoint({
    indexes: [account],
    blobs: [
      keyId ?? "",
      tier,
      routeOf(c),
      String(c.res.status),
      c.get("errorCode") ?? "",
      c.get("answeredBy") ?? "",
    ],
    doubles: [1, images, cachedImages, tokens, cachedTokens, c.get("timings").total],
  });
});
