/** `GET /v1/models` and `GET /v1/models/{id}`; an id's slash may come raw or as `%2F`. */
import { Hono } from "hono";
import type { GatewayEnv } from "../env.ts";
import { allModels, describeModel, requestedModel } from "../model.ts";

const PREFIX = "/v1/models/";

export const models = new Hono<GatewayEnv>()
  .get("/v1/models", async (c) => {
    const manifests = await allModels(c);
    const data = await Promise.all(manifests.map((manifest) => describeModel(c, manifest)));
    return c.json({ object: "list", data });
  })
  .get(`${PREFIX}*`, async (c) => {
    const path = new URL(c.req.url).pathname;
    const manifest = await requestedModel(c, decode(path.slice(PREFIX.length)));
    return c.json(await describeModel(c, manifest));
  });

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
