/** A page of a store's pictures. */
import type * as z from "zod";
import type { StoreObject } from "../../vector-stores/vector-stores.ts";
import type { storeFileListSchema } from "../schemas/store-file-request.ts";
import { type Described, describePicture } from "./describe-store.ts";
import { noSuchCursor, storeNotFound } from "./store-errors.ts";

/**
 * @param id of the store
 * @param batchId only pictures of this file batch; null: all
 * @throws ServiceError `vector_store_not_found`; `invalid_value` for a cursor that the store does not have: an empty
 * page would look like the end of the list
 */
export async function picturePage(
  store: StoreObject,
  id: string,
  { after, before, limit, order, filter }: z.output<typeof storeFileListSchema>,
  batchId: string | null,
): Promise<{ data: Described[]; hasMore: boolean }> {
  const query = { after: after ?? null, before: before ?? null, limit, order };
  const page = await store.pictures({ ...query, status: filter ?? null, batchId });
  if (page === undefined) throw storeNotFound(id);
  if (page.unknown !== undefined) throw noSuchCursor(page.unknown, query[page.unknown] ?? "");
  return { data: page.pictures.map((facts) => describePicture(id, facts)), hasMore: page.hasMore };
}
