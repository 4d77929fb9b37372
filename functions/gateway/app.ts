/** The HTTP surface: routes, and what happens to requests that none of them takes. */
import { Hono } from "hono";
import { ServiceError } from "../runtime/errors.ts";
import type { GatewayEnv } from "./env.ts";
import { errorResponse } from "./http/error-response.ts";
import { requestContext } from "./http/request-context.ts";
import { classify } from "./routes/classify.ts";
import { health } from "./routes/health.ts";
import { models } from "./routes/models.ts";
import { similarity } from "./routes/similarity.ts";

export const app = new Hono<GatewayEnv>();

app.use(requestContext);
app.route("/", health).route("/", models).route("/", similarity).route("/", classify);

const METHODS: Record<string, string> = { GET: "GET, HEAD", POST: "POST" };

// Whatever reaches this has a path or a method that no route has.
app.all("*", (c) => {
  const { pathname } = new URL(c.req.url);
  const route = app.routes.find(({ method, path }) => method !== "ALL" && matches(path, pathname));
  if (route === undefined) throw new ServiceError("not_found", `there is nothing at ${pathname}`);
  c.header("allow", METHODS[route.method] ?? route.method);
  throw new ServiceError("method_not_allowed", `${pathname} takes ${route.method}, not ${c.req.method}`);
});

app.onError(errorResponse);

function matches(path: string, pathname: string): boolean {
  return path.endsWith("*") ? pathname.startsWith(path.slice(0, -1)) : pathname === path;
}
