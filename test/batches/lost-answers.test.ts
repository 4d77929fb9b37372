/**
 * Batches whose answer is lost, or whose client leaves, and lists of batches that are gone: none is made twice or
 * waits.
 */
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AccountBatchesRpc } from "../../functions/batches/account-batches-rpc.ts";
import { eventually } from "../support/eventually.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { ended } from "./support/run-batch.ts";

const ACCOUNT = "public";
const ENDPOINT = "/v1/embeddings";

/**
 * Its metadata says how often an object loses the answer to its creation, and after how many milliseconds it comes; the
 * accounts' objects say how many have been created.
 */
const STATE = `
import * as deployed from "MAIN";
export const { VectorStoreState } = deployed;
export default deployed.default;

let created = 0;

export class AccountState extends deployed.AccountState {
  created() {
    return created;
  }
}

export class BatchState extends deployed.BatchState {
  #created = 0;
  async create(batch) {
    const answer = await super.create(batch);
    created++;
    const { losses = 0, ms = 0 } = batch.metadata ?? {};
    await scheduler.wait(Number(ms));
    if (this.#created++ < Number(losses)) throw new Error("the answer is lost");
    return answer;
  }
}`;

let workers: Workers;
let client: OpenAI;
let input: string;

beforeAll(async () => {
  workers = await startWorkers({
    add: [IMPATIENT],
    change: (name, options) => (name === "edgeclip-state" ? wrapped(options, STATE) : options),
  });
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 0 });
  const line = { custom_id: "a", method: "POST", url: ENDPOINT, body: { input: "a" } };
  const file = await toFile(Buffer.from(JSON.stringify(line)), "lines.jsonl");
  input = (await client.files.create({ file, purpose: "batch" })).id;
});

afterAll(async () => {
  await workers.dispose();
});

const requestOf = (metadata: Record<string, string>): OpenAI.BatchCreateParams => ({
  input_file_id: input,
  endpoint: ENDPOINT,
  completion_window: "24h",
  metadata,
});

const listed = async (limit = 100): Promise<OpenAI.Batch[]> => {
  const batches: OpenAI.Batch[] = [];
  for await (const batch of client.batches.list({ limit })) batches.push(batch);
  return batches;
};

it("one whose first answer is lost is made once", async () => {
  const batch = await client.batches.create(requestOf({ losses: "1" }));
  expect((await listed()).map(({ id }) => id)).toEqual([batch.id]);
  expect((await ended(client, batch)).status).toBe("completed");
});

/** Batches that have been created, whether or not they were answered. */
async function created(): Promise<number> {
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  return await (accounts.getByName("counter") as unknown as { created(): Promise<number> }).created();
}

/** It is not asked for by its id, which would send it on. */
const isLeftOneOver = async (): Promise<boolean> =>
  (await listed()).some(({ metadata, status }) => metadata?.["name"] === "left" && status === "completed");

it("one whose client leaves is sent on its way", async () => {
  const before = await created();
  const isCreated = eventually(async () => (await created()) > before, { pollMs: 20 });
  const request = requestOf({ ms: "1500", name: "left" });
  expect(await leaveUpon(workers, "/v1/batches", request, isCreated)).toBe(499);
  await vi.waitUntil(isLeftOneOver, { timeout: 30_000, interval: 200 });
});

it("those that are gone do not end the list", async () => {
  const before = (await listed()).map(({ id }) => id);
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  const account = accounts.getByName(ACCOUNT) as unknown as AccountBatchesRpc;
  for (let index = 0; index < 20; index++) {
    await account.addBatch(`batch_${String(index).padStart(24, "0")}`, 100);
  }
  for (const limit of [1, 20]) expect((await listed(limit)).map(({ id }) => id)).toEqual(before);
});
