/**
 * Which web pages of other origins may ask: those that the variable ALLOWED_ORIGINS lists, or all with `*`. One that ends
 * in `:*` stands for all ports of its host.
 */
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../../runtime/errors.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/** Seconds that a browser keeps the answer. */
const MAX_AGE = 3600;

export const crossOrigin = createMiddleware<GatewayEnv>(async (c, next) => {
  const origin = c.req.header("origin");
  if (origin === undefined) return await next();
  const allowed = (c.env.ALLOWED_ORIGINS ?? "").split(",").map((each) => each.trim());
  if (allowed.includes(origin) || allowed.includes(anyPort(origin)) || allowed.includes("*")) {
    return await cors({
      origin: allowed.includes("*") ? "*" : origin,
      allowMethods: ["GET", "POST", "DELETE"],
      exposeHeaders: ["x-request-id", "openai-processing-ms", "server-timing", "retry-after"],
      maxAge: MAX_AGE,
    })(c, next);
  }
  if (c.req.method === "OPTIONS") {
    throw new ServiceError("origin_not_allowed", "pages of this origin may not use this deployment");
  }
  // Without the headers that a browser looks for, the page does not get the answer.
  return await next();
});

/** An origin is a scheme, a host and, if it is not the scheme's own, a port. */
function anyPort(origin: string): string {
  return `${origin.replace(/:\d+$/, "")}:*`;
}
