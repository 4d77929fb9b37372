/** The gateway's routes, and the answer to requests that match none of them. */
import { Hono } from "hono";
import { ServiceError } from "../runtime/errors.ts";
import { API_PATHS } from "./api-paths.ts";
import { authorize } from "./middleware/authorize.ts";
import { crossOrigin } from "./middleware/cross-origin.ts";
import { recordUsage } from "./middleware/record-usage.ts";
import type { GatewayEnv } from "./middleware/gateway-env.ts";
import { errorResponse } from "./middleware/error-response.ts";
import { logRequest } from "./middleware/log-request.ts";
import { paceRetries } from "./middleware/pace-retries.ts";
import { requestContext } from "./middleware/request-context.ts";
import { batches } from "./routes/batches.ts";
import { classify } from "./routes/classify.ts";
import { cohereEmbed } from "./routes/cohere-embed.ts";
import { embeddings } from "./routes/embeddings.ts";
import { files } from "./routes/files.ts";
import { health } from "./routes/health.ts";
import { huggingFace } from "./routes/hugging-face.ts";
import { labelSets } from "./routes/label-sets.ts";
import { mcp } from "./routes/mcp.ts";
import { models } from "./routes/models.ts";
import { operatorReport } from "./routes/operator-report.ts";
import { reference } from "./routes/reference.ts";
import { rerank } from "./routes/rerank.ts";
import { similarity } from "./routes/similarity.ts";
import { vectorStoreBatches } from "./routes/vector-store-batches.ts";
import { vectorStoreFiles } from "./routes/vector-store-files.ts";
import { vectorStoreSearch } from "./routes/vector-store-search.ts";
import { vectorStores } from "./routes/vector-stores.ts";
import { computeLabelSets } from "./routes/compute-label-sets.ts";

export const app = new Hono<GatewayEnv>();

// Outermost: what the request held is released before its answer waits.
app.use("/hf/*", paceRetries);
app.use(requestContext, logRequest, crossOrigin);
for (const path of API_PATHS) app.use(`${path}/*`, recordUsage, authorize);
const inference = [similarity, classify, labelSets, embeddings, rerank, cohereEmbed, huggingFace, mcp];
const stores = [vectorStores, vectorStoreFiles, vectorStoreBatches, vectorStoreSearch];
for (const routes of [
  health,
  models,
  ...inference,
  files,
  batches,
  ...stores,
  computeLabelSets,
  operatorReport,
  reference,
])
  app.route("/", routes);

// A request that reaches this has a path or a method that no route has.
app.all("*", (c) => {
  const { pathname } = new URL(c.req.url);
  const methods = app.routes
    .filter(({ method, path }) => method !== "ALL" && matches(path, pathname))
    .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  if (methods.length === 0) throw new ServiceError("not_found", `there is nothing at ${pathname}`);
  const allowed = [...new Set(methods)].join(", ");
  c.header("allow", allowed);
  throw new ServiceError("method_not_allowed", `${pathname} takes ${allowed}, not ${c.req.method}`);
});

app.onError(errorResponse);

/** True if the route's path matches. `:name` stands for one segment, `*` for all that follow. */
function matches(path: string, pathname: string): boolean {
  const segments = pathname.split("/");
  const wanted = path.split("/");
  if (wanted.at(-1) !== "*" && wanted.length !== segments.length) return false;
  return wanted.every((each, i) => each === "*" || each.startsWith(":") || each === segments[i]);
}
