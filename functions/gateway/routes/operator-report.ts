/**
 * `GET /v1/operator/report`: what only the platform can tell, for `npm run doctor`. One part a request, so that a part
 * that fails, or that uses up what a request may do, takes no other with it.
 */
import { Hono } from "hono";
import { requireOperator } from "../middleware/authorize.ts";
import { callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { configuredModel } from "../../runtime/model-store/configured-model.ts";
import { reportBatches, reportVectorStores } from "../report/background-work.ts";
import { reportHost } from "../report/host.ts";
import { reportLabelSets } from "../report/label-sets.ts";
import { probeCache, probeInvocations } from "../report/shards-cache-probe.ts";
import { reportTowers } from "../report/towers.ts";
import { listedModels } from "../models/served-models.ts";
import { operatorReportQuerySchema } from "../schemas/operator-report-query.ts";
import { validate } from "../schemas/fields/validate.ts";
import { VERSION } from "../version.ts";

export const operatorReport = new Hono<GatewayEnv>().get("/v1/operator/report", async (c) => {
  requireOperator(c);
  const { part, after } = await validate(operatorReportQuerySchema, c.req.query());
  const { env } = c;
  const models = listedModels(env);
  const prefix = (): string => configuredModel(models[0]).prefix;
  const parts = {
    host: () => reportHost(env, callerOf(c).account),
    cache: () => probeCache(env.SHARDS, prefix()),
    invocations: () => probeInvocations(env.SHARDS, prefix()),
    towers: () => reportTowers(env, (work) => c.executionCtx.waitUntil(work)),
    label_sets: () => reportLabelSets(env, after),
    batches: () => reportBatches(env),
    vector_stores: () => reportVectorStores(env),
  };
  return c.json({
    object: "operator_report",
    version: VERSION,
    data_center: dataCenterOf(c.req.raw),
    models,
    [part]: await parts[part](),
  });
});

/**
 * Only Cloudflare gives a request an id, `cf-ray`. Local workerd describes requests as Cloudflare does, too, with a data
 * center that it made up.
 */
function dataCenterOf({ headers, cf }: Request): string | null {
  const ray = headers.get("cf-ray");
  if (ray === null) return null;
  // A browser sees `8f2d0c1e2b3a4d5e-FRA`; what a Worker sees often ends before the data center.
  const colo = cf?.["colo"] ?? /-([A-Z]{3})$/.exec(ray)?.[1];
  return typeof colo === "string" ? colo : null;
}
