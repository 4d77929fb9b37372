/** Finds the vector store that a request means, and the model of its vectors. */
import type { Context } from "hono";
import { modelReference } from "../../../../model-shards/model-reference.ts";
import { accountOf } from "../../middleware/caller-of.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { servedModels } from "../../models/served-models.ts";
import { modelOfStore, type OpenStore, otherModel } from "../../stores/open-store.ts";
import { requestedModel } from "./requested-model.ts";

/** The account whose stores the request may use. @throws ServiceError `invalid_api_key` */
export function storeAccount(c: Context<GatewayEnv>): string {
  return accountOf(c, "vector stores");
}

/**
 * A store whose vectors the deployment can compare with others.
 * @throws ServiceError `vector_store_not_found`, `store_model_mismatch`, `model_unavailable`, `overloaded`
 */
export async function requestedStore(c: Context<GatewayEnv>, id: string): Promise<OpenStore> {
  const account = storeAccount(c);
  const model = await modelOfStore(c.env, account, id);
  const served = servedModels(c.env).find(({ reference }) => reference === model);
  if (served === undefined) throw otherModel(id, model, "this deployment does not serve it");
  return { account, id, manifest: await requestedModel(c, served.alias) };
}

/**
 * @throws ServiceError `model_not_found`; `store_model_mismatch` if the request names another model than the store's
 */
export async function requireModel(
  c: Context<GatewayEnv>,
  { id, manifest }: OpenStore,
  model: string | undefined,
): Promise<void> {
  if (model === undefined) return;
  const asked = await requestedModel(c, model);
  if (asked.revision === manifest.revision) return;
  throw otherModel(id, modelReference(manifest), `the request asks for ${modelReference(asked)}`);
}
