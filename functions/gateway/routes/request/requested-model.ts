/** Finds the model that a request names. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import { leasedManifest } from "../../../runtime/model-store/leased-manifest.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { type ServedModel, servedModels } from "../../models/served-models.ts";

/**
 * The manifest of the model that the request names by id or alias, or by default of the deployment's first. Read from
 * R2 once for each isolate.
 * @throws ServiceError `model_not_found`, `model_unavailable`
 */
export async function requestedModel(
  c: Context<GatewayEnv>,
  model: string | null | undefined,
): Promise<Manifest> {
  const served = servedModels(c.env);
  const [first] = served;
  const meant = model == null ? first : served.find(({ alias }) => alias === model);
  if (meant !== undefined) return await manifestOf(c, meant);
  // If one model's manifest cannot be read, the others must still be found by their ids.
  const read = await Promise.allSettled(served.map((each) => manifestOf(c, each)));
  const manifests = read.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const found = manifests.find(({ id }) => id === model);
  if (found !== undefined) return found;
  const failed = read.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const ids = manifests.map(({ id }) => `"${id}"`).join(", ");
  const message = `there is no model "${model}"; this deployment serves ${ids}`;
  throw new ServiceError("model_not_found", message, { param: "model" });
}

/** All models, the default first. @throws ServiceError `model_unavailable` */
export async function allModels(c: Context<GatewayEnv>): Promise<Manifest[]> {
  return await Promise.all(servedModels(c.env).map((each) => manifestOf(c, each)));
}

async function manifestOf(c: Context<GatewayEnv>, { reference }: ServedModel): Promise<Manifest> {
  return (await leasedManifest(c.env, reference, (work) => c.executionCtx.waitUntil(work))).manifest;
}
