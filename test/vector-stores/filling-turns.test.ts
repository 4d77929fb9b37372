/** An account with many file batches leaves the queue to others: their segments, and their file batches. */
import type { V4WorkerOptions } from "miniflare";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askObject } from "../support/ask-object.ts";
import { deliveries, withoutQueue } from "../support/faulty/deliveries.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { solidBmp } from "../support/write-bmp.ts";
import { driver } from "./support/driver.ts";

const JOBS = "edgeclip-jobs";
/** Stores of the account that has many. */
const STORES = 8;
const ROWS = 1_100;
const WIDTH = 4;

/** A gateway that takes three seconds for lines, and says at how many calls it has worked at once. */
const SLOW_GATEWAY = `
import gateway, { Lines as Deployed, Towers } from "MAIN";

export { Towers };

let [running, most] = [0, 0];

export class Lines extends Deployed {
  async answerLines(...parameters) {
    most = Math.max(most, ++running);
    try {
      await scheduler.wait(3_000);
      return await super.answerLines(...parameters);
    } finally {
      running--;
    }
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/most") return Response.json(most);
    return await gateway.fetch(request, env, ctx);
  },
};`;

let workers: Workers;
let url: URL;

beforeAll(async () => {
  workers = await startWorkers({
    engine: "simd",
    add: [deliveries(JOBS), await driver()],
    change: (name, options): V4WorkerOptions => {
      if (name === JOBS) return withoutQueue(options);
      return name === "edgeclip" ? wrapped(options, SLOW_GATEWAY) : options;
    },
  });
  url = await workers.miniflare.unsafeGetDirectURL("driver");
  const settings = { method: "POST", body: JSON.stringify({ atOnce: 4 }) };
  await fetch(await workers.miniflare.unsafeGetDirectURL("deliveries"), settings);
});

afterAll(async () => {
  await workers.dispose();
});

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(store: string, method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { store, method, parameters });
}

async function make(account: string, id: string, files: readonly string[], width = WIDTH): Promise<string> {
  const store = `${account}/${id}`;
  const model = workers.prefix.replace("/", "@");
  const settings = { name: null, description: null, metadata: {}, expiresAfterDays: null, model, width };
  await ask(store, "create", account, id, settings);
  const batch = { id: "vsfb_1", keyId: null, tier: "public" };
  const given = files.map((fileId) => ({ fileId, attributes: {} }));
  if (files.length > 0) await ask(store, "createBatch", { ...batch, files: given }, 100_000);
  return store;
}

const send = (store: string): Promise<unknown> => {
  const [account, id] = store.split("/");
  return ask(store, "send", { kind: "vector-store", account, id });
};

async function countsOf(stores: readonly string[]): Promise<{ waiting: number; completed: number }> {
  const counts = await Promise.all(stores.map(async (store) => (await ask(store, "facts")).counts));
  return {
    waiting: counts.reduce((sum, { in_progress }) => sum + in_progress, 0),
    completed: counts.reduce((sum, { completed }) => sum + completed, 0),
  };
}

it("fills two stores of an account at once, and all in the end", { timeout: 240_000 }, async () => {
  const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none" });
  const picture = await toFile(solidBmp(24, 24, [1, 2, 3]), "p.bmp");
  const { id: file } = await client.files.create({ file: picture, purpose: "vision" });
  const { data } = await client.embeddings.create({
    model: "edgeclip-demo",
    input: "a",
    encoding_format: "float",
  });
  const width = data[0]!.embedding.length;
  const many: string[] = [];
  for (let index = 0; index < STORES; index++) many.push(await make("public", `vs_${index}`, [file], width));
  const compacting = await make("other", "vs_a", []);
  const filling = await make("other", "vs_b", ["file-unknown"]);
  const row = { ints: { int8: [127, 1, 0, 0] }, scale: 0.5 };
  const rows = Array.from({ length: ROWS }, (_, index) => index);
  for (const part of [rows.slice(0, 550), rows.slice(550)]) {
    const added = part.map((at) => ({ fileId: `f${at}`, filename: "f", bytes: 1, attributes: {}, row }));
    await ask(compacting, "add", added, 100_000);
  }
  for (const store of [...many, compacting, filling]) await send(store);
  await expect
    .poll(async () => (await ask(compacting, "view", null)).segments, { timeout: 30_000 })
    .toHaveLength(1);
  await expect.poll(async () => (await ask(filling, "facts")).counts.failed, { timeout: 30_000 }).toBe(1);
  // Not behind the stores of the other account.
  expect((await countsOf(many)).waiting).toBeGreaterThanOrEqual(STORES / 2);
  await expect
    .poll(async () => await countsOf(many), { timeout: 200_000, interval: 500 })
    .toEqual({ waiting: 0, completed: STORES });
  expect(await (await fetch(`${workers.url}/most`)).json()).toBe(2);
});
