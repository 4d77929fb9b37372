/**
 * The routes as the lines of a batch meet them: the same as for requests, without what only a request has (keys, rate
 * limits, a log of its own). The gateway trusts the caller, because only a binding leads here.
 */
import { Hono } from "hono";
import type { Caller } from "../keys/caller.ts";
import { errorResponse } from "../middleware/error-response.ts";
import type { BatchLine, GatewayEnv } from "../middleware/gateway-env.ts";
import { requestContext } from "../middleware/request-context.ts";
import { classify } from "../routes/classify.ts";
import { embeddings } from "../routes/embeddings.ts";
import { rerank } from "../routes/rerank.ts";
import { similarity } from "../routes/similarity.ts";

/** @param lines by the id of their request */
export function lineApp(caller: Caller, lines: ReadonlyMap<string, BatchLine>): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.use(requestContext, async (c, next) => {
    const line = lines.get(c.get("requestId"));
    if (line === undefined) throw new Error("a request is no line's");
    c.set("caller", caller);
    c.set("line", line);
    await next();
    line.status = c.res.status;
    line.usage = c.get("usage");
    line.answeredBy = c.get("answeredBy");
    line.errorCode = c.get("errorCode");
  });
  for (const routes of [classify, similarity, embeddings, rerank]) app.route("/", routes);
  app.onError(errorResponse);
  return app;
}
