/**
 * Logs one line for each request: what was requested, the outcome, the cost. It never logs a picture, a text or a key.
 * docs/operations.md explains the fields.
 */
import { createMiddleware } from "hono/factory";
import { callerOf } from "./caller-of.ts";
import type { GatewayEnv } from "./gateway-env.ts";
import { routeOf } from "./route-of.ts";
import { traceRequest } from "./trace-request.ts";

export const logRequest = createMiddleware<GatewayEnv>(async (c, next) => {
  await next();
  const { account, keyId } = callerOf(c);
  const line = {
    request: c.get("requestId"),
    method: c.req.method,
    route: routeOf(c),
    status: c.res.status,
    code: c.get("errorCode"),
    account,
    key: keyId ?? undefined,
    model: c.get("answeredBy"),
    ms: c.get("timings").toObject(),
    ...c.get("usage"),
    ...c.get("searched"),
  };
  // Undefined fields are left out.
  console.log(JSON.stringify({ ...line, trace: traceRequest(line) }));
});
