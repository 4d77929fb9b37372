/** The store that a request means, and the model of its vectors. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { MemoryCache } from "../../runtime/memory-cache.ts";
import { isStoreId, type StoreBindings, vectorStore } from "../../vector-stores/vector-stores.ts";
import { storeNotFound } from "./store-errors.ts";

const MEMORY_BYTES = 200_000;

/** A store's model never changes, so that a search need not ask for it. That a store is gone, its object says. */
const models = new MemoryCache<string>(MEMORY_BYTES, (model) => 2 * model.length);

/** A store that was there, whose vectors are of a model that is served. */
export interface OpenStore {
  account: string;
  id: string;
  /** The manifest of the store's model. */
  manifest: Manifest;
}

/** @returns `<alias>@<revision>` @throws ServiceError `vector_store_not_found`, `overloaded` */
export async function modelOfStore(
  env: Pick<StoreBindings, "VECTOR_STORES">,
  account: string,
  id: string,
): Promise<string> {
  if (!isStoreId(id)) throw storeNotFound(id);
  const key = `${account}/${id}`;
  const known = models.get(key);
  if (known !== undefined) return known;
  const facts = await vectorStore(env, account, id).facts();
  if (facts === undefined) throw storeNotFound(id);
  models.set(key, facts.model);
  return facts.model;
}

/** @param model of the store @param wanted what the request or the deployment has instead */
export function otherModel(id: string, model: string, wanted: string): ServiceError {
  const message =
    `the vectors of the vector store ${id} are from ${model}, and ${wanted}: vectors of two models or revisions cannot ` +
    "be compared; make a store for the other model and add the pictures there";
  return new ServiceError("store_model_mismatch", message, { param: "model" });
}
