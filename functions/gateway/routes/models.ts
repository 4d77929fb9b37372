/** `GET /v1/models` and `GET /v1/models/{id}`; an id's slash may come raw or as `%2F`. */
import { Hono } from "hono";
import type { GatewayEnv } from "../env.ts";
import { allModels, describeModel, requestedModel } from "../model.ts";

const PREFIX = "/v1/models/";

export const models = new Hono<GatewayEnv>()
  .get("/v1/models", async (c) =>
    c.json({ object: "list", data: (await allModels(c)).map((manifest) => describeModel(manifest)) }),
  )
  .get(`${PREFIX}*`, async (c) => {
    const path = new URL(c.req.url).pathname;
    return c.json(describeModel(await requestedModel(c, decode(path.slice(PREFIX.length)))));
  });

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
