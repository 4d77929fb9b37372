/** `GET /v1/models` and `GET /v1/models/{id}`; the slash in an id may be sent as it is or as `%2F`. */
import { type Context, Hono } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { describeModel } from "../models/describe-model.ts";
import { allModels, requestedModel } from "./request/requested-model.ts";

const PREFIX = "/v1/models/";

export const models = new Hono<GatewayEnv>()
  .get("/v1/models", async (c) => {
    const manifests = await allModels(c);
    const data = await Promise.all(manifests.map((manifest) => described(c, manifest)));
    return c.json({ object: "list", data });
  })
  .get(`${PREFIX}*`, async (c) => {
    const path = new URL(c.req.url).pathname;
    const manifest = await requestedModel(c, decode(path.slice(PREFIX.length)));
    return c.json(await described(c, manifest));
  });

async function described(c: Context<GatewayEnv>, manifest: Manifest): Promise<object> {
  return await describeModel(manifest, c.env.MODELS, (work) => c.executionCtx.waitUntil(work));
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
