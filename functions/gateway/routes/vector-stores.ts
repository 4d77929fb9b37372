/** `/v1/vector_stores`: OpenAI's vector stores, of pictures. */
import { type Context, Hono } from "hono";
import type * as z from "zod";
import { modelReference } from "../../../model-shards/model-reference.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { warn } from "../../runtime/warn.ts";
import { MAX_STORE_PICTURES, MAX_STORES } from "../../vector-stores/store-limits.ts";
import { StoreMarks } from "../../vector-stores/store-marks.ts";
import type { NewStore, StoreFacts, StoreSettings } from "../../vector-stores/store-state-rpc.ts";
import { accountStores, isStoreId, sendStoreOn, vectorStore } from "../../vector-stores/vector-stores.ts";
import type { Bindings } from "../bindings.ts";
import { callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { validate } from "../schemas/fields/validate.ts";
import {
  vectorStoreListSchema,
  vectorStoreRequestSchema,
  vectorStoreUpdateSchema,
} from "../schemas/vector-store-request.ts";
import { describeStore } from "../stores/describe-store.ts";
import { newFileBatch } from "../stores/new-file-batch.ts";
import { noSuchCursor, refusalError, storeNotFound } from "../stores/store-errors.ts";
import { listPage } from "./answer/list-page.ts";
import { livingPage } from "./answer/living-page.ts";
import { wantedBy } from "./request/embedding-context.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import { requestedModel } from "./request/requested-model.ts";
import { storeAccount } from "./request/requested-store.ts";
import { toTheEnd } from "./request/to-the-end.ts";

const PATH = "/v1/vector_stores";

export const vectorStores = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    const account = storeAccount(c);
    const request = await validate(vectorStoreRequestSchema, await readFields(c), wantedBy(c));
    const { embedding_width: width, ...manifest } = await requestedModel(c, request.model);
    const store = {
      name: null,
      description: null,
      metadata: {},
      expiresAfterDays: null,
      ...settingsOf(request),
      model: modelReference(manifest),
      width,
    };
    return c.json(describeStore(await toTheEnd(c, create(c, account, store, request.file_ids ?? []))));
  })
  .get(PATH, async (c) => {
    const { after, before, limit, order } = await validate(vectorStoreListSchema, c.req.query());
    const account = storeAccount(c);
    const query = { after: after ?? null, before: before ?? null, limit, order };
    const isBackwards = query.after === null && query.before !== null;
    const { data, hasMore } = await livingPage(
      limit,
      async (last, most) => {
        const from = isBackwards ? { before: last ?? query.before } : { after: last ?? query.after };
        const page = await accountStores(c.env, account).listStores({ ...query, ...from, limit: most });
        if (page.unknown === undefined) return page;
        if (last !== null) return undefined;
        throw noSuchCursor(page.unknown, query[page.unknown] ?? "");
      },
      (id) => vectorStore(c.env, account, id).facts(),
      isBackwards,
    );
    return listPage(c, data.map(describeStore), hasMore);
  })
  .get(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const account = storeAccount(c);
    const facts = isStoreId(id) ? await vectorStore(c.env, account, id).facts() : undefined;
    if (facts === undefined) throw storeNotFound(id);
    return c.json(describeStore(facts));
  })
  .post(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const account = storeAccount(c);
    const fields = await readFields(c);
    const request = await validate(vectorStoreUpdateSchema, fields, wantedBy(c));
    const changes = { ...settingsOf(request), ...takenBack(fields) };
    const facts = isStoreId(id) ? await vectorStore(c.env, account, id).update(changes) : undefined;
    if (facts === undefined) throw storeNotFound(id);
    return c.json(describeStore(facts));
  })
  .delete(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const account = storeAccount(c);
    if (!isStoreId(id) || !(await toTheEnd(c, remove(c.env, account, id)))) throw storeNotFound(id);
    return c.json({ id, object: "vector_store.deleted", deleted: true });
  });

/** The settings that the request has. */
function settingsOf({
  name,
  description,
  metadata,
  expires_after: expiry,
}: z.output<typeof vectorStoreUpdateSchema>): Partial<StoreSettings> {
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
    ...(expiry !== undefined && { expiresAfterDays: expiry.days }),
  };
}

/** OpenAI's types have null for a setting that is to be none any more. */
function takenBack(fields: Readonly<Record<string, unknown>>): Partial<StoreSettings> {
  return {
    ...(fields["name"] === null && { name: null }),
    ...(fields["description"] === null && { description: null }),
    ...(fields["metadata"] === null && { metadata: {} }),
    ...(fields["expires_after"] === null && { expiresAfterDays: null }),
  };
}

async function create(
  c: Context<GatewayEnv>,
  account: string,
  store: NewStore,
  fileIds: readonly string[],
): Promise<StoreFacts> {
  const id = randomId("vs");
  const marks = new StoreMarks(c.env.VECTORS);
  await marks.mark(account, id);
  if (!(await accountStores(c.env, account).addStore(id, MAX_STORES))) {
    await marks.unmark(account, id);
    const message = `the account has ${MAX_STORES} vector stores; delete some`;
    throw new ServiceError("storage_limit_exceeded", message);
  }
  try {
    return await createIn(c, account, id, store, fileIds);
  } catch (error) {
    // The client never hears of it, and makes another.
    await remove(c.env, account, id).catch((cause: unknown) =>
      warn("store begun in vain not removed", cause),
    );
    throw error;
  }
}

async function createIn(
  c: Context<GatewayEnv>,
  account: string,
  id: string,
  store: NewStore,
  fileIds: readonly string[],
): Promise<StoreFacts> {
  const object = vectorStore(c.env, account, id);
  const facts = await object.create(account, id, store);
  if (fileIds.length === 0) return facts;
  const files = fileIds.map((fileId) => ({ id: fileId, attributes: {} }));
  const batch = await object.createBatch(newFileBatch(callerOf(c), files), MAX_STORE_PICTURES);
  if (typeof batch === "string") throw refusalError(batch, id);
  await sendStoreOn(c.env, account, id);
  return (await object.facts()) ?? facts;
}

/** @returns false if there was no such store */
async function remove(env: Bindings, account: string, id: string): Promise<boolean> {
  const wasThere = await vectorStore(env, account, id).remove();
  // Also for one that is gone: a deletion that failed may have got so far.
  await accountStores(env, account).forgetStore(id);
  if (wasThere) await sendStoreOn(env, account, id);
  return wasThere;
}
