/** `/v1/batches`: OpenAI's batches. The jobs Worker answers their lines. */
import { Hono } from "hono";
import { KEPT_FOR, MAX_OPEN_BATCHES } from "../../batches/batch-limits.ts";
import type { BatchObject } from "../../batches/batch-object.ts";
import { accountBatches, batchState, isBatchId } from "../../batches/batches.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { AccountFiles } from "../../files/account-files.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { warn } from "../../runtime/warn.ts";
import type { Bindings } from "../bindings.ts";
import { fileNotFound } from "../images/stored-image.ts";
import { MAX_STORED_BYTES } from "../limits.ts";
import { accountOf, callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { batchListSchema, batchRequestSchema } from "../schemas/batch-request.ts";
import { validate } from "../schemas/validate.ts";
import { listPage } from "./answer/list-page.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import { wantedBy } from "./request/embedding-context.ts";

const PATH = "/v1/batches";
/** UTF-16 code units of an unknown id that its refusal repeats. */
const MAX_SHOWN = 64;

export const batches = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    const account = accountOf(c, "batches");
    const request = await validate(batchRequestSchema, await readFields(c), wantedBy(c));
    const { input_file_id: inputFile, endpoint } = request;
    const file = await new AccountFiles(c.env, account).get(inputFile);
    if (file === undefined) throw fileNotFound(inputFile, "input_file_id");
    if (file.purpose !== "batch") {
      const message = `input_file_id: the purpose of the file is "${file.purpose}", it must be "batch"`;
      throw new ServiceError("invalid_value", message, { param: "input_file_id" });
    }
    const id = randomId("batch");
    const open = new OpenBatches(c.env.FILES);
    await open.mark(account, id);
    if (!(await accountBatches(c.env, account).addBatch(id, MAX_OPEN_BATCHES))) {
      await open.unmark(account, id);
      const message = `the account has ${MAX_OPEN_BATCHES} batches that are not over; wait until one is, or cancel some`;
      throw new ServiceError("rate_limit_exceeded", message);
    }
    const { keyId, tier } = callerOf(c);
    const batch = await batchState(c.env, account, id).create({
      id,
      account,
      keyId,
      tier,
      endpoint,
      inputFile,
      metadata: request.metadata ?? null,
      outputExpiresAfter: request.output_expires_after?.seconds ?? KEPT_FOR,
      maxStored: MAX_STORED_BYTES[tier],
    });
    await sendOn(c.env, account, id);
    return c.json(batch);
  })
  .get(PATH, async (c) => {
    const { after, limit } = await validate(batchListSchema, c.req.query());
    const account = accountOf(c, "batches");
    const page = await accountBatches(c.env, account).listBatches(after ?? null, limit);
    if (page === undefined) throw batchNotFound(after ?? "", "after");
    const known = await Promise.all(page.ids.map((id) => batchState(c.env, account, id).get()));
    const data = known.flatMap((batch) => batch ?? []);
    return listPage(c, data, page.hasMore);
  })
  .get(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const account = accountOf(c, "batches");
    const known = isBatchId(id) ? await batchState(c.env, account, id).getAndRevive() : undefined;
    if (known === undefined) throw batchNotFound(id);
    if (known.isIdle) await sendOn(c.env, account, id);
    return c.json(known.batch);
  })
  .post(`${PATH}/:id/cancel`, async (c) => {
    const id = c.req.param("id");
    const account = accountOf(c, "batches");
    const batch = isBatchId(id) ? await batchState(c.env, account, id).cancel() : undefined;
    if (batch === undefined) throw batchNotFound(id);
    if (batch.status !== "cancelling" && batch.status !== "cancelled") throw notCancelled(batch);
    if (batch.status === "cancelling") await sendOn(c.env, account, id);
    return c.json(batch);
  });

/** If the queue takes no message now, the sweep, or whoever asks for the batch, sends another. */
async function sendOn({ BATCH_QUEUE }: Bindings, account: string, id: string): Promise<void> {
  try {
    await withDeadline(DEADLINES.small, () => BATCH_QUEUE.send({ kind: "batch", account, id }));
  } catch (error) {
    warn("batch not sent on its way", error);
  }
}

function notCancelled({ id, status }: BatchObject): ServiceError {
  return new ServiceError("conflict", `the batch ${id} is ${status}, so it cannot be cancelled`);
}

function batchNotFound(id: string, param = "batch_id"): ServiceError {
  const shown = JSON.stringify(id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id);
  return new ServiceError("batch_not_found", `there is no batch ${shown}`, { param });
}
