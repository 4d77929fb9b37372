/** `GET /openapi.json`. The page `/docs`, a static asset, reads it. */
import { Hono } from "hono";
import type { Bindings } from "../bindings.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { servedModels } from "../models/served-models.ts";
import { openApiDocument } from "../openapi/document.ts";

/** The document for each origin; a deployment has few. */
let made: { origin: string; document: object } | undefined;

export const reference = new Hono<GatewayEnv>().get("/openapi.json", (c) => {
  const { origin } = new URL(c.req.url);
  if (made?.origin !== origin) made = { origin, document: openApiDocument(origin, defaultModel(c.env)) };
  return c.json(made.document);
});

/** The alias of the deployment's first model, if it has one. */
function defaultModel(env: Bindings): string | undefined {
  try {
    return servedModels(env)[0]?.alias;
  } catch {
    return undefined;
  }
}
