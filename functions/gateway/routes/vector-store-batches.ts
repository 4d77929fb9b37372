/** `/v1/vector_stores/{id}/file_batches`: many files at once, which the jobs Worker embeds. */
import { Hono } from "hono";
import type { FileBatchFacts, NewFileBatch } from "../../vector-stores/file-batch-rpc.ts";
import { MAX_STORE_PICTURES } from "../../vector-stores/store-limits.ts";
import { isFileBatchId, sendStoreOn, vectorStore } from "../../vector-stores/vector-stores.ts";
import type { Bindings } from "../bindings.ts";
import { callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { fileBatchRequestSchema, storeFileListSchema } from "../schemas/store-file-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { describeFileBatch } from "../stores/describe-store.ts";
import { picturePage } from "../stores/list-pictures.ts";
import { newFileBatch } from "../stores/new-file-batch.ts";
import { modelOfStore } from "../stores/open-store.ts";
import { fileBatchNotFound, refusalError } from "../stores/store-errors.ts";
import { listPage } from "./answer/list-page.ts";
import { wantedBy } from "./request/embedding-context.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import { requestedStore, storeAccount } from "./request/requested-store.ts";
import { toTheEnd } from "./request/to-the-end.ts";

const PATH = "/v1/vector_stores/:id/file_batches";

export const vectorStoreBatches = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    // Its model must be served.
    const { account, id } = await requestedStore(c, c.req.param("id"));
    const files = await validate(fileBatchRequestSchema, await readFields(c), wantedBy(c));
    const batch = await toTheEnd(c, create(c.env, account, id, newFileBatch(callerOf(c), files)));
    return c.json(describeFileBatch(id, batch));
  })
  .get(`${PATH}/:batch`, async (c) => {
    const { id, batch } = c.req.param();
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const facts = isFileBatchId(batch) ? await vectorStore(c.env, account, id).batch(batch) : undefined;
    if (facts === undefined) throw fileBatchNotFound(batch);
    return c.json(describeFileBatch(id, facts));
  })
  .post(`${PATH}/:batch/cancel`, async (c) => {
    const { id, batch } = c.req.param();
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const facts = isFileBatchId(batch) ? await vectorStore(c.env, account, id).cancelBatch(batch) : undefined;
    if (facts === undefined) throw fileBatchNotFound(batch);
    return c.json(describeFileBatch(id, facts));
  })
  .get(`${PATH}/:batch/files`, async (c) => {
    const { id, batch } = c.req.param();
    const query = await validate(storeFileListSchema, c.req.query());
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const object = vectorStore(c.env, account, id);
    if (!isFileBatchId(batch) || (await object.batch(batch)) === undefined) throw fileBatchNotFound(batch);
    const { data, hasMore } = await picturePage(object, id, query, batch);
    return listPage(c, data, hasMore);
  });

/** @throws ServiceError `vector_store_not_found`, `vector_store_expired`, `storage_limit_exceeded`, `overloaded` */
async function create(
  env: Bindings,
  account: string,
  id: string,
  files: NewFileBatch,
): Promise<FileBatchFacts> {
  const batch = await vectorStore(env, account, id).createBatch(files, MAX_STORE_PICTURES);
  const mayHelp = typeof batch !== "string" || batch === "busy" || batch === "unattended";
  if (mayHelp) await sendStoreOn(env, account, id);
  if (typeof batch === "string") throw refusalError(batch, id);
  return batch;
}
