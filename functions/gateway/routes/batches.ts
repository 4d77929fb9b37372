/** `/v1/batches`: OpenAI's batches. The jobs Worker answers their lines. */
import { Hono } from "hono";
import { KEPT_FOR, MAX_OPEN_BATCHES } from "../../batches/batch-limits.ts";
import type { BatchObject } from "../../batches/batch-object.ts";
import { accountBatches, batchState, isBatchId } from "../../batches/batches.ts";
import type { NewBatch } from "../../batches/batch-state-rpc.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { AccountFiles } from "../../files/account-files.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { warn } from "../../runtime/warn.ts";
import type { Bindings } from "../bindings.ts";
import { fileNotFound } from "../images/stored-image.ts";
import { MAX_STORED_BYTES } from "../limits.ts";
import { accountOf, callerOf } from "../middleware/caller-of.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { batchListSchema, batchRequestSchema } from "../schemas/batch-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { shownId } from "../shown-values.ts";
import { listPage } from "./answer/list-page.ts";
import { livingPage } from "./answer/living-page.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import { wantedBy } from "./request/embedding-context.ts";
import { toTheEnd } from "./request/to-the-end.ts";

const PATH = "/v1/batches";

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
    const { keyId, tier } = callerOf(c);
    const batch = {
      id: randomId("batch"),
      account,
      keyId,
      tier,
      endpoint,
      inputFile,
      metadata: request.metadata ?? null,
      outputExpiresAfter: request.output_expires_after?.seconds ?? KEPT_FOR,
      maxStored: MAX_STORED_BYTES[tier],
    };
    return c.json(await toTheEnd(c, create(c.env, batch)));
  })
  .get(PATH, async (c) => {
    const { after, limit } = await validate(batchListSchema, c.req.query());
    const account = accountOf(c, "batches");
    const { data, hasMore } = await livingPage(
      limit,
      async (last, most) => {
        const page = await accountBatches(c.env, account).listBatches(last ?? after ?? null, most);
        if (page === undefined && last === null) throw batchNotFound(after ?? "", "after");
        return page;
      },
      (id) => batchState(c.env, account, id).get(),
    );
    return listPage(c, data, hasMore);
  })
  .get(`${PATH}/:id`, async (c) => {
    const id = c.req.param("id");
    const account = accountOf(c, "batches");
    const batch = isBatchId(id) ? await toTheEnd(c, revived(c.env, account, id)) : undefined;
    if (batch === undefined) throw batchNotFound(id);
    return c.json(batch);
  })
  .post(`${PATH}/:id/cancel`, async (c) => {
    const id = c.req.param("id");
    const account = accountOf(c, "batches");
    const batch = isBatchId(id) ? await toTheEnd(c, cancel(c.env, account, id)) : undefined;
    if (batch === undefined) throw batchNotFound(id);
    if (batch.status !== "cancelling" && batch.status !== "cancelled") throw notCancelled(batch);
    return c.json(batch);
  });

/** @throws ServiceError `rate_limit_exceeded`, `overloaded` */
async function create(env: Bindings, batch: NewBatch): Promise<BatchObject> {
  const { account, id } = batch;
  const open = new OpenBatches(env.FILES);
  await open.mark(account, id);
  if (!(await accountBatches(env, account).addBatch(id, MAX_OPEN_BATCHES))) {
    await open.unmark(account, id);
    const message = `the account has ${MAX_OPEN_BATCHES} batches that are not over; wait until one is, or cancel some`;
    throw new ServiceError("rate_limit_exceeded", message);
  }
  const created = await batchState(env, account, id).create(batch);
  await sendOn(env, account, id);
  return created;
}

/** One whose message was lost is sent on its way again. @returns undefined if there is no such batch */
async function revived(env: Bindings, account: string, id: string): Promise<BatchObject | undefined> {
  const known = await batchState(env, account, id).getAndRevive();
  if (known?.isIdle === true) await sendOn(env, account, id);
  return known?.batch;
}

/** @returns what it is now; undefined if there is no such batch */
async function cancel(env: Bindings, account: string, id: string): Promise<BatchObject | undefined> {
  const batch = await batchState(env, account, id).cancel();
  if (batch?.status === "cancelling") await sendOn(env, account, id);
  return batch;
}

/** If the queue takes no message now, the sweep, or whoever asks for the batch, sends another. */
async function sendOn({ BATCH_QUEUE }: Bindings, account: string, id: string): Promise<void> {
  try {
    await sendMessage(BATCH_QUEUE, { kind: "batch", account, id });
  } catch (error) {
    warn("batch not sent on its way", error);
  }
}

function notCancelled({ id, status }: BatchObject): ServiceError {
  return new ServiceError("conflict", `the batch ${id} is ${status}, so it cannot be cancelled`);
}

function batchNotFound(id: string, param = "batch_id"): ServiceError {
  return new ServiceError("batch_not_found", `there is no batch ${shownId(id)}`, { param });
}
