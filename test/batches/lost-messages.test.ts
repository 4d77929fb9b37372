/**
 * A batch whose message was lost goes on when somebody asks for it, or with the sweep; what is left of one is cleared.
 * Who asks for one whose messages come sends none.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { R2Bucket } from "@cloudflare/workers-types";
import type { V4WorkerOptions } from "miniflare";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { AccountBatchesRpc } from "../../functions/batches/account-batches-rpc.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { type Batch, createBatch, ended, lineOf } from "./support/run-batch.ts";

const ENDPOINT = "/v1/embeddings";
const ACCOUNT = "public";

/** Loses every message while it is told to, and may have a clock that is ahead. */
const FORGETFUL = `
import jobs from "MAIN";
let forgets = false;
let aheadMs = 0;
const now = Date.now.bind(Date);
Date.now = () => now() + aheadMs;
export default {
  ...jobs,
  queue: async (...delivery) => forgets || (await jobs.queue(...delivery)),
  async fetch(request) {
    ({ forgets, aheadMs } = await request.json());
    return new Response();
  },
};`;

/** Counts the messages that it sends. */
const COUNTED = `
import gateway, { Lines, Towers } from "MAIN";
export { Lines, Towers };
let sent = 0;
export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/sent") return Response.json(sent);
    const send = async (...message) => {
      sent++;
      await env.BATCH_QUEUE.send(...message);
    };
    return gateway.fetch(request, { ...env, BATCH_QUEUE: { send } }, ctx);
  },
};`;

/** Objects whose rows a test may make older. */
const OPEN = `
import state, { AccountState, BatchState as Deployed, VectorStoreState } from "MAIN";
export { AccountState, VectorStoreState };
export class BatchState extends Deployed {
  query(statement) {
    return this.ctx.storage.sql.exec(statement).toArray();
  }
}
export default state;`;

let workers: Workers;
let client: OpenAI;
let bucket: R2Bucket;
let jobs: { scheduled(event: { cron: string }): Promise<{ outcome: string }> };

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options): V4WorkerOptions => {
      if (name === "edgeclip-jobs") return wrapped(options, FORGETFUL);
      if (name === "edgeclip") return wrapped(options, COUNTED);
      return name === "edgeclip-state" ? wrapped(options, OPEN) : options;
    },
  });
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 0 });
  bucket = (await workers.miniflare.getR2Bucket("FILES", "edgeclip")) as unknown as R2Bucket;
  jobs = (await workers.miniflare.getWorker("edgeclip-jobs")) as unknown as typeof jobs;
});

// A batch says that it is over before the message that takes its mark away.
beforeEach(noneIsOpen);

afterAll(async () => {
  await workers.dispose();
});

async function set(settings: { forgets: boolean; aheadMs: number }): Promise<void> {
  const url = await workers.miniflare.unsafeGetDirectURL("edgeclip-jobs");
  await fetch(url, { method: "POST", body: JSON.stringify(settings) });
}

const open = async (): Promise<string[]> =>
  (await bucket.list({ prefix: "open-batches/" })).objects.map(({ key }) => key);

async function noneIsOpen(): Promise<void> {
  await vi.waitUntil(async () => (await open()).length === 0, { timeout: 60_000, interval: 100 });
}

/** Messages of the gateway so far. */
const sent = async (): Promise<number> => (await (await fetch(`${workers.url}/sent`)).json()) as number;

/** A batch whose first message is lost, two minutes ago. */
async function lost(): Promise<Batch> {
  await set({ forgets: true, aheadMs: 0 });
  const batch = await createBatch(client, ENDPOINT, [lineOf(ENDPOINT, "a", { input: "a" })]);
  await sleep(2_000);
  await set({ forgets: false, aheadMs: 0 });
  expect((await client.batches.retrieve(batch.id)).status).toBe("validating");
  const batches = await workers.miniflare.getDurableObjectNamespace("BATCHES", "edgeclip");
  const object = batches.getByName(`${ACCOUNT}/${batch.id}`) as unknown as {
    query(text: string): Promise<unknown>;
  };
  await object.query("UPDATE batch SET record = json_set(record, '$.expectedAt', 1)");
  return batch;
}

it("goes on when somebody asks for it", async () => {
  expect((await ended(client, await lost())).status).toBe("completed");
});

it("is asked for without a message, whatever it is at", async () => {
  await set({ forgets: true, aheadMs: 0 });
  const lines = Array.from({ length: 100 }, (_, index) =>
    lineOf(ENDPOINT, `${index}`, { input: Array.from({ length: 100 }, (__, at) => `text ${index} ${at}`) }),
  );
  const before = await sent();
  const { id } = await createBatch(client, ENDPOINT, lines);
  expect(await sent()).toBe(before + 1);
  const ask = async (): Promise<string> => {
    await client.batches.list();
    return (await client.batches.retrieve(id)).status;
  };
  for (let asked = 0; asked < 20; asked++) expect(await ask()).toBe("validating");
  expect(await sent()).toBe(before + 1);
  await set({ forgets: false, aheadMs: 0 });
  const other = await createBatch(client, ENDPOINT, lines);
  const seen = new Set<string>();
  for (let status = ""; status !== "completed";) {
    status = (await client.batches.retrieve(other.id)).status;
    seen.add(status);
  }
  expect(seen).toContain("in_progress");
  expect(await sent()).toBe(before + 2);
  await client.batches.cancel(id);
  expect((await ended(client, { id })).status).toBe("cancelled");
});

it("goes on with the sweep", async () => {
  const { id } = await lost();
  expect(await open()).toEqual([`open-batches/${ACCOUNT}/${id}`]);
  expect((await jobs.scheduled({ cron: "*/15 * * * *" })).outcome).toBe("ok");
  await noneIsOpen();
  // Asked only now, since that would have sent it on.
  expect((await client.batches.retrieve(id)).status).toBe("completed");
});

it("that has a mark and no more is left alone while it may still be made", async () => {
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  const account = accounts.getByName(ACCOUNT) as unknown as AccountBatchesRpc;
  const id = `batch_${"f".repeat(24)}`;
  await bucket.put(`open-batches/${ACCOUNT}/${id}`, "");
  await account.addBatch(id, 100);
  expect((await jobs.scheduled({ cron: "*/15 * * * *" })).outcome).toBe("ok");
  expect(await open()).toHaveLength(1);
  await set({ forgets: false, aheadMs: 600_000 });
  expect((await jobs.scheduled({ cron: "*/15 * * * *" })).outcome).toBe("ok");
  expect(await open()).toEqual([]);
  expect((await account.listBatches(null, 100))?.ids).not.toContain(id);
});
