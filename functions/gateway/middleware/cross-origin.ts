/**
 * Decides which web pages of other origins may use the API: those listed in the variable ALLOWED_ORIGINS, or all if it
 * is `*`. An entry that ends in `:*` stands for all ports of its host. Pages of others may change nothing: a browser
 * sends their forms without asking first, and keeps from them only the answer.
 */
import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../../runtime/errors.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/** How long a browser caches the answer to a preflight request, seconds. */
const MAX_AGE = 3600;
/** Headers that pages of other origins may read. */
const EXPOSED = [
  "x-request-id",
  "openai-processing-ms",
  "server-timing",
  "retry-after",
  "allow",
  "www-authenticate",
];

export const crossOrigin = createMiddleware<GatewayEnv>(async (c, next) => {
  const origin = c.req.header("origin");
  if (origin === undefined) return await next();
  const allowed = (c.env.ALLOWED_ORIGINS ?? "").split(",").map((each) => each.trim());
  if (allowed.includes(origin) || allowed.includes(anyPort(origin)) || allowed.includes("*")) {
    return await cors({
      origin: allowed.includes("*") ? "*" : origin,
      allowMethods: ["GET", "POST", "DELETE"],
      exposeHeaders: EXPOSED,
      maxAge: MAX_AGE,
    })(c, next);
  }
  const { method } = c.req;
  if (method !== "GET" && method !== "HEAD" && !isOwn(c, origin)) {
    throw new ServiceError("origin_not_allowed", "pages of this origin may not use this deployment");
  }
  // Without these headers the browser keeps the answer from the page.
  return await next();
});

/** True for the deployment's own page, also behind a proxy that speaks HTTPS for it. */
function isOwn(c: Context<GatewayEnv>, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host === c.req.header("host") || host === new URL(c.req.url).host;
}

/** The origin with any port as `:*`. An origin is a scheme, a host and, unless it is the scheme's default, a port. */
function anyPort(origin: string): string {
  return `${origin.replace(/:\d+$/, "")}:*`;
}
