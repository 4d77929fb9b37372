/**
 * `GET /healthz`: the gateway itself runs. `GET /readyz`: it reaches what it needs. Neither calls a tower, so neither
 * fills an isolate's memory or costs CPU time.
 */
import { Hono } from "hono";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { allModels } from "./request/requested-model.ts";

export const health = new Hono<GatewayEnv>()
  .get("/healthz", (c) => c.json({ status: "ok" }))
  .get("/readyz", async (c) => {
    const checks = {
      manifest: allModels(c),
      r2: withDeadline(DEADLINES.small, () => c.env.MODELS.head("readyz")),
      label_sets: withDeadline(DEADLINES.small, () => c.env.SETS.head("readyz")),
      files: withDeadline(DEADLINES.small, () => c.env.FILES.head("readyz")),
      kv: withDeadline(DEADLINES.small, () => c.env.CACHE.get("readyz")),
    };
    const outcomes = await Promise.allSettled(Object.values(checks));
    const names = Object.keys(checks);
    const states = outcomes.map(({ status }, index) => [names[index], status === "fulfilled"] as const);
    const ready = states.every(([, reached]) => reached);
    const body = { status: ready ? "ok" : "unavailable", checks: Object.fromEntries(states) };
    if (!ready) c.header("retry-after", "5");
    return c.json(body, ready ? 200 : 503);
  });
