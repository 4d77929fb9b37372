/**
 * Gives each request an id and a clock, adds them to the response's headers, and releases what the request reserved.
 * No answer may be kept by a cache: most belong to one account, and the others change with a deployment.
 */
import { createMiddleware } from "hono/factory";
import type { GatewayEnv } from "./gateway-env.ts";
import { thisIsolate } from "../../runtime/isolate.ts";
import { randomId } from "../random-id.ts";
import { Timings } from "../timings.ts";

/** A caller's own id is used if it is safe in logs and headers. */
const REQUEST_ID = /^[\w.-]{1,128}$/;

export const requestContext = createMiddleware<GatewayEnv>(async (c, next) => {
  const given = c.req.header("x-request-id") ?? "";
  const requestId = REQUEST_ID.test(given) ? given : randomId("req");
  const timings = new Timings();
  thisIsolate();
  c.set("requestId", requestId);
  c.set("timings", timings);
  await next();
  c.get("pictures")?.abandon();
  c.get("share")?.release();
  c.header("cache-control", "no-store");
  c.header("x-request-id", requestId);
  c.header("openai-processing-ms", timings.total.toFixed(0));
  c.header("server-timing", timings.toString());
});
