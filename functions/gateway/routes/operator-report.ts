/**
 * `GET /v1/operator/report`: what only the platform can tell, for `npm run doctor`. One part a request, so that a part
 * that fails, or that uses up what a request may do, takes no other with it.
 */
import { Hono } from "hono";
import { requireOperator } from "../middleware/authorize.ts";
import { callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { configuredModel } from "../../runtime/model-store/configured-model.ts";
import { reportBatches, reportLabelSets, reportVectorStores } from "../report/background-work.ts";
import { reportHost } from "../report/host.ts";
import { probeCache, probeInvocations } from "../report/shards-cache-probe.ts";
import { reportTowers } from "../report/towers.ts";
import { servedModels } from "../models/served-models.ts";
import { operatorReportQuerySchema } from "../schemas/operator-report-query.ts";
import { validate } from "../schemas/validate.ts";
import { VERSION } from "../version.ts";

export const operatorReport = new Hono<GatewayEnv>().get("/v1/operator/report", async (c) => {
  requireOperator(c);
  const { part, after } = await validate(operatorReportQuerySchema, c.req.query());
  const { env } = c;
  const prefix = (): string => configuredModel(servedModels(env)[0]?.reference).prefix;
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
    data_center: dataCenterOf(c.req.header("cf-ray")),
    [part]: await parts[part](),
  });
});

/** @param ray Cloudflare's id of a request: `8f2d0c1e2b3a4d5e-FRA`. Elsewhere there is none. */
function dataCenterOf(ray: string | undefined): string | null {
  return /^[0-9a-f]{16}-([A-Z]{3})$/.exec(ray ?? "")?.[1] ?? null;
}
