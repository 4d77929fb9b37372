/**
 * Additions to vector stores whose answer is lost, or whose client leaves, and files that are deleted while they are
 * added: nothing is in a store twice, nothing waits, and what was deleted is not found.
 */
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AccountStoresRpc } from "../../functions/vector-stores/account-stores-rpc.ts";
import { eventually } from "../support/eventually.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { noiseBmp } from "../support/write-bmp.ts";

const ACCOUNT = "public";
const WIDTH = 128;
/** How often a store's object loses the answer to an addition. */
const LOSSES = [1, 9];
const SLOW = "file-slow";

/**
 * Attributes say how often the answer to an addition is lost, and for how many milliseconds after it the account's
 * object does not answer; the answer to a file batch with a certain file is slow, and the accounts' objects say how many
 * such batches there are.
 */
const STATE = `
import * as deployed from "MAIN";
export const { BatchState } = deployed;
export default deployed.default;

let silentUntil = 0;
let slow = 0;

export class AccountState extends deployed.AccountState {
  slow() {
    return slow;
  }
  async get(...parameters) {
    if (Date.now() < silentUntil) throw new Error("no answer");
    return await super.get(...parameters);
  }
}

export class VectorStoreState extends deployed.VectorStoreState {
  #added = 0;
  async add(pictures, most) {
    const answer = await super.add(pictures, most);
    silentUntil = Date.now() + (pictures[0].attributes.silent ?? 0);
    if (this.#added++ < (pictures[0].attributes.losses ?? 0)) throw new Error("the answer is lost");
    return answer;
  }
  async createBatch(batch, most) {
    const answer = await super.createBatch(batch, most);
    if (batch.files.some(({ fileId }) => fileId === "${SLOW}")) {
      slow++;
      await scheduler.wait(1_500);
    }
    return answer;
  }
}`;

/** A tower that loads until it is let go. */
const VISION = `
import Deployed from "MAIN";

let isHeld = false;
let waiting = 0;

export default class Held extends Deployed {
  async embedPixels(...parameters) {
    waiting++;
    while (isHeld) await scheduler.wait(20);
    return await super.embedPixels(...parameters);
  }
  async fetch(request) {
    ({ isHeld = isHeld } = await request.json());
    return Response.json({ waiting });
  }
}`;

let workers: Workers;
let client: OpenAI;
let pictures = 0;

beforeAll(async () => {
  workers = await startWorkers({
    add: [IMPATIENT],
    change: (name, options) => {
      if (name === "edgeclip-state") return wrapped(options, STATE);
      return name === "edgeclip-vision" ? wrapped(options, VISION) : options;
    },
  });
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 0 });
});

afterAll(async () => {
  await workers.dispose();
});

const newPicture = (): Uint8Array => noiseBmp(24, 24, pictures++);
const inline = (): string => Buffer.from(newPicture()).toString("base64");
const upload = async (): Promise<string> =>
  (await client.files.create({ file: await toFile(newPicture(), "p.bmp"), purpose: "vision" })).id;
const made = async (): Promise<string> => (await client.vectorStores.create({})).id;
const add = async (store: string, body: object): Promise<Answer> =>
  await post(`${workers.url}/v1/vector_stores/${store}/files`, body);

async function filesOf(store: string): Promise<string[]> {
  return (await client.vectorStores.files.list(store)).data.map(({ id }) => id);
}

/** Files of the account. */
async function files(): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { id } of client.files.list()) ids.add(id);
  return ids;
}

async function tower(settings: { isHeld?: boolean }): Promise<number> {
  const url = await workers.miniflare.unsafeGetDirectURL("edgeclip-vision");
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(settings) });
  return ((await answer.json()) as { waiting: number }).waiting;
}

describe.each(LOSSES)("an addition of which %i answers are lost", (losses) => {
  it("of a picture is in the store once", async () => {
    const store = await made();
    const before = await files();
    const { status, body } = await add(store, { image: inline(), attributes: { losses } });
    expect([status, body.status, body.attributes]).toEqual([200, "completed", { losses }]);
    expect(await filesOf(store)).toEqual([body.id]);
    expect((await files()).difference(before)).toEqual(new Set([body.id]));
  });

  it("of a vector is in the store once", async () => {
    const store = await made();
    const embedding = Array.from({ length: WIDTH }, (_, index) => index);
    const { status, body } = await add(store, { embedding, attributes: { losses } });
    expect(status).toBe(200);
    expect(await filesOf(store)).toEqual([body.id]);
  });

  it("of files that are there with other attributes has the new ones", async () => {
    const store = await made();
    const ids = [await upload(), await upload()];
    const images = ids.map((file_id) => ({ file_id }));
    await add(store, { images });
    const { status, body } = await add(store, { images, attributes: { losses: losses + 1 } });
    expect(status).toBe(200);
    expect(body.data.map(({ attributes }: { attributes: object }) => attributes)).toEqual([
      { losses: losses + 1 },
      { losses: losses + 1 },
    ]);
    expect((await filesOf(store)).toSorted()).toEqual(ids.toSorted());
  });
});

it("a file batch whose client leaves is sent on its way", async () => {
  const store = await made();
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  const counter = accounts.getByName("counter") as unknown as { slow(): Promise<number> };
  const isThere = eventually(async () => (await counter.slow()) > 0, { pollMs: 20 });
  const path = `/v1/vector_stores/${store}/file_batches`;
  expect(await leaveUpon(workers, path, { file_ids: [SLOW] }, isThere)).toBe(499);
  const isOver = async (): Promise<boolean> =>
    (await client.vectorStores.retrieve(store)).file_counts.failed === 1;
  await vi.waitUntil(isOver, { timeout: 30_000, interval: 200 });
});

it("files that are deleted while they are added are not found", { timeout: 60_000 }, async () => {
  const [alone, together, reported, other] = [await made(), await made(), await made(), await made()];
  const [file, last] = [await upload(), await upload()];
  await add(other, { file_id: last });
  const before = await files();
  const begun = await tower({ isHeld: true });
  const images = [inline(), { file_id: file }];
  const adding = [
    add(alone, { file_id: file }),
    add(together, { images }),
    add(reported, { images, on_error: "report" }),
  ];
  await vi.waitUntil(async () => (await tower({})) > begun, { timeout: 10_000, interval: 20 });
  await client.files.delete(file);
  await client.files.delete(last);
  // The first file's message was sent before.
  await vi.waitUntil(async () => (await filesOf(other)).length === 0, { timeout: 20_000, interval: 100 });
  await tower({ isHeld: false });
  const [first, second, third] = await Promise.all(adding);
  for (const [answer, param] of [
    [first, "file_id"],
    [second, "images[1]"],
  ] as const) {
    expect([answer?.status, answer?.body.error.code, answer?.body.error.param]).toEqual([
      404,
      "file_not_found",
      param,
    ]);
  }
  const [added, refused] = third!.body.data as [{ id: string }, { error: { code: string } }];
  expect(refused.error.code).toBe("file_not_found");
  expect([await filesOf(alone), await filesOf(together), await filesOf(reported)]).toEqual([
    [],
    [],
    [added.id],
  ]);
  expect((await files()).difference(before)).toEqual(new Set([added.id]));
  const { data } = await client.vectorStores.search(alone, { query: "noise" });
  expect(data).toEqual([]);
});

it("one during which the account's object falls silent is answered, and not done twice", async () => {
  const store = await made();
  const { status, body } = await add(store, { image: inline(), attributes: { silent: 3_000 } });
  expect([status, body.status]).toEqual([200, "completed"]);
  expect(await filesOf(store)).toEqual([body.id]);
});

it(
  "a file that was deleted is looked for again if the account's object was silent",
  { timeout: 60_000 },
  async () => {
    const [store, other] = [await made(), await made()];
    const [file, last] = [await upload(), await upload()];
    // Until the object is no longer silent from the test before.
    await vi.waitUntil(async () => (await add(other, { file_id: last })).status === 200, { timeout: 10_000 });
    const begun = await tower({ isHeld: true });
    const adding = add(store, { file_id: file, attributes: { silent: 3_000 } });
    await vi.waitUntil(async () => (await tower({})) > begun, { timeout: 10_000, interval: 20 });
    await client.files.delete(file);
    await client.files.delete(last);
    // The first file's message was sent before.
    await vi.waitUntil(async () => (await filesOf(other)).length === 0, { timeout: 20_000, interval: 100 });
    await tower({ isHeld: false });
    expect((await adding).status).toBe(200);
    await vi.waitUntil(async () => (await filesOf(store)).length === 0, { timeout: 20_000, interval: 100 });
  },
);

it("stores that are gone do not end the list", async () => {
  const list = async (query: object): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id } of client.vectorStores.list(query)) ids.push(id);
    return ids;
  };
  const before = await list({});
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  const account = accounts.getByName(ACCOUNT) as unknown as AccountStoresRpc;
  for (let index = 0; index < 20; index++) {
    await account.addStore(`vs_${String(index).padStart(24, "0")}`, 100);
  }
  const newest = await made();
  for (const limit of [1, 20]) expect(await list({ limit })).toEqual([newest, ...before]);
  const { data } = await client.vectorStores.list({ order: "asc", limit: 2, before: newest });
  expect(data.map(({ id }) => id)).toEqual(before.toReversed().slice(-2));
});
