/** `/v1/vector_stores/{id}/files`: the pictures of a store. They are added at once, and found by the next search. */
import { type Context, Hono } from "hono";
import { BlobStore } from "../../files/blob-store.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { vectorStore } from "../../vector-stores/vector-stores.ts";
import type { PictureFacts } from "../../vector-stores/stored-picture.ts";
import { foldAliases, PICTURE_ALIASES } from "../body/fields.ts";
import type { Usage } from "../embed/usage.ts";
import { FileReference } from "../images/file-reference.ts";
import { MAX_STORED_BYTES } from "../limits.ts";
import { callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import {
  storeFileListSchema,
  storeFilesRequestSchema,
  storeFileUpdateSchema,
} from "../schemas/store-file-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { addPictures, addVector, applied } from "../stores/add-pictures.ts";
import { describePicture } from "../stores/describe-store.ts";
import { KeptPictures } from "../stores/kept-pictures.ts";
import { picturePage } from "../stores/list-pictures.ts";
import { modelOfStore, type OpenStore } from "../stores/open-store.ts";
import { noContent, pictureNotInStore, storeNotFound } from "../stores/store-errors.ts";
import { errorRow } from "../middleware/error-response.ts";
import { answeredBy, inferenceResponse } from "./answer/inference-response.ts";
import { listPage } from "./answer/list-page.ts";
import { reportUsage } from "./answer/report-usage.ts";
import { embedContext, wantedBy } from "./request/embedding-context.ts";
import { readFields, readFieldsAndFiles, requestPictures } from "./request/fields-and-pictures.ts";
import { requestedStore, requireModel, storeAccount } from "./request/requested-store.ts";
import { toTheEnd } from "./request/to-the-end.ts";

const PATH = "/v1/vector_stores/:id/files";
const NO_USAGE = { images: 0, cachedImages: 0, tokens: 0, cachedTokens: 0 };

export const vectorStoreFiles = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    const store = await requestedStore(c, c.req.param("id"));
    const kept = new KeptPictures(c.env, store.account, MAX_STORED_BYTES[callerOf(c).tier]);
    const add = async (): Promise<Response> => {
      try {
        return await addTo(c, store, kept);
      } finally {
        await kept.discard();
      }
    };
    return await toTheEnd(c, add());
  })
  .get(PATH, async (c) => {
    const id = c.req.param("id");
    const query = await validate(storeFileListSchema, c.req.query());
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const { data, hasMore } = await picturePage(vectorStore(c.env, account, id), id, query, null);
    return listPage(c, data, hasMore);
  })
  .get(`${PATH}/:file`, async (c) => {
    const { id, file } = c.req.param();
    return c.json(describePicture(id, await storedPicture(c, id, file)));
  })
  .post(`${PATH}/:file`, async (c) => {
    const { id, file } = c.req.param();
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const fields = await readFields(c);
    // OpenAI's type has null for no attributes.
    const given = fields["attributes"] === null ? { attributes: {} } : fields;
    const { attributes } = await validate(storeFileUpdateSchema, given, wantedBy(c));
    const change = vectorStore(c.env, account, id)
      .setAttributes(file, attributes)
      .then((changed) => changed ?? notThere(file));
    const waitUntil = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
    const [picture] = await toTheEnd(c, applied({ env: c.env, waitUntil }, { account, id }, change));
    return c.json(describePicture(id, picture ?? notThere(file)));
  })
  .delete(`${PATH}/:file`, async (c) => {
    const { id, file } = c.req.param();
    const account = storeAccount(c);
    await modelOfStore(c.env, account, id);
    const wasThere = await vectorStore(c.env, account, id).removePicture(file);
    if (wasThere === undefined) throw storeNotFound(id);
    if (!wasThere) throw pictureNotInStore(file);
    return c.json({ id: file, object: "vector_store.file.deleted", deleted: true });
  })
  .get(`${PATH}/:file/content`, async (c) => {
    const { id, file } = c.req.param();
    const facts = await storedPicture(c, id, file);
    const { filename, attributes, bytes } = facts;
    const content = bytes === 0 ? undefined : await new BlobStore(c.env.FILES, storeAccount(c)).open(file);
    if (content === undefined) throw noContent(facts);
    await content.body.cancel();
    return c.json({
      object: "vector_store.file_content.page",
      file_id: file,
      filename,
      attributes,
      data: [
        { type: "text", text: filename },
        { type: "input_image", file_id: file },
      ],
      has_more: false,
      next_page: null,
    });
  });

async function addTo(c: Context<GatewayEnv>, store: OpenStore, kept: KeptPictures): Promise<Response> {
  const { manifest } = store;
  const batch = (): ReturnType<typeof requestPictures> => requestPictures(c, manifest, kept.keep);
  const fields = await readFieldsAndFiles(c, () => Promise.resolve(batch()));
  const isList = PICTURE_ALIASES.some((name) => Array.isArray(fields[name]));
  const request = await validate(storeFilesRequestSchema, foldAliases(fields, PICTURE_ALIASES), wantedBy(c));
  const { file_id, images, embedding, filename, attributes = {}, on_error: onError } = request;
  await requireModel(c, store, request.model);
  const addition = { filename, attributes };
  if (embedding !== undefined) {
    const added = await addVector(store, embedContext(c, manifest), embedding, addition);
    return c.json(one(c, store, added, NO_USAGE));
  }
  const references = file_id === undefined ? (images ?? []) : [new FileReference(file_id)];
  const paramOf = (index: number): string => (file_id === undefined ? `images[${index}]` : "file_id");
  const { rows, usage } = await addPictures(store, batch(), kept, {
    references,
    paramOf,
    onError: isList ? onError : "fail",
    ...addition,
  });
  const [first] = rows;
  if (!isList && first !== undefined && !(first instanceof ServiceError)) {
    return c.json(one(c, store, first, usage));
  }
  const data = rows.map((row, index) =>
    row instanceof ServiceError ? errorRow(index, row) : describePicture(store.id, row),
  );
  return c.json(inferenceResponse(c, "vsadd", manifest, data, usage));
}

/** The answer to one picture or vector: OpenAI's file of a vector store, with what every answer of a model has. */
function one(c: Context<GatewayEnv>, { id, manifest }: OpenStore, facts: PictureFacts, usage: Usage): object {
  return { ...describePicture(id, facts), ...answeredBy(c, manifest), usage: reportUsage(c, usage) };
}

/** @throws ServiceError `vector_store_not_found`, `file_not_found` */
async function storedPicture(c: Context<GatewayEnv>, id: string, file: string): Promise<PictureFacts> {
  const account = storeAccount(c);
  await modelOfStore(c.env, account, id);
  const object = vectorStore(c.env, account, id);
  const facts = await object.picture(file);
  if (facts !== undefined) return facts;
  // A store that is remembered may be gone.
  throw (await object.facts()) === undefined ? storeNotFound(id) : pictureNotInStore(file);
}

function notThere(file: string): never {
  throw pictureNotInStore(file);
}
