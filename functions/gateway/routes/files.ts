/** `/v1/files`: OpenAI's files. Pictures that are named by id in other requests, and the inputs of batches. */
import { type Context, Hono } from "hono";
import { AccountFiles } from "../../files/account-files.ts";
import { leaveStores } from "../../vector-stores/vector-stores.ts";
import { assertUncompressed } from "../body/body-errors.ts";
import { receiveUpload } from "../uploads/receive-upload.ts";
import { fileNotFound } from "../images/stored-image.ts";
import { MAX_STORED_BYTES } from "../limits.ts";
import { accountOf, callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { fileListSchema } from "../schemas/file-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { listPage } from "./answer/list-page.ts";
import { toTheEnd } from "./request/to-the-end.ts";

const PATH = "/v1/files";

export const files = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    assertUncompressed(c.req.raw);
    const upload = receiveUpload(c.req.raw, filesOf(c), MAX_STORED_BYTES[callerOf(c).tier]);
    return c.json(await toTheEnd(c, upload));
  })
  .get(PATH, async (c) => {
    const { after, limit, order, purpose } = await validate(fileListSchema, c.req.query());
    const query = { after: after ?? null, limit, order, purpose: purpose ?? null };
    const { files: data, hasMore } = await filesOf(c).list(query);
    return listPage(c, data, hasMore);
  })
  .get(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const file = await filesOf(c).get(id);
    if (file === undefined) throw fileNotFound(id);
    return c.json(file);
  })
  .get(`${PATH}/:id/content`, async (c) => {
    const id = c.req.param("id");
    const file = await filesOf(c).blobs.open(id);
    if (file === undefined) throw fileNotFound(id);
    // Whatever somebody uploaded: a browser is to save it, not to show or run it.
    c.header("content-type", "application/octet-stream");
    c.header("content-disposition", "attachment");
    c.header("x-content-type-options", "nosniff");
    c.header("content-length", String(file.bytes));
    return c.body(file.body);
  })
  .delete(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    if (!(await toTheEnd(c, remove(c, id)))) throw fileNotFound(id);
    return c.json({ id, object: "file", deleted: true });
  });

/** @returns false if there is no such file */
async function remove(c: Context<GatewayEnv>, id: string): Promise<boolean> {
  const account = filesOf(c);
  // The id may be of a vector in a store. A file whose removal was begun before has left the stores then.
  if ((await account.get(id)) !== undefined) await leaveStores(c.env, accountOf(c, "files"), id);
  return await account.remove(id);
}

function filesOf(c: Context<GatewayEnv>): AccountFiles {
  return new AccountFiles(c.env, accountOf(c, "files"));
}
