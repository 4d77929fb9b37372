/**
 * Lets clients wait that would not do so themselves. Hugging Face's client sends a request that was answered 503 again
 * at once, with its picture, for as long as it is answered 503: that would be a flood just when the service is
 * overloaded. So the answer is kept back for as long as its `retry-after` says. The request holds no memory meanwhile.
 */
import { createMiddleware } from "hono/factory";
import type { GatewayEnv } from "./gateway-env.ts";

export const paceRetries = createMiddleware<GatewayEnv>(async (c, next) => {
  await next();
  if (c.res.status !== 503) return;
  const seconds = Number(c.res.headers.get("retry-after"));
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
});
