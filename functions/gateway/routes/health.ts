/** `GET /healthz`: the gateway itself runs. It asks nothing of the model, so it never wakes a tower. */
import { Hono } from "hono";
import type { GatewayEnv } from "../env.ts";

export const health = new Hono<GatewayEnv>().get("/healthz", (c) => c.json({ status: "ok" }));
