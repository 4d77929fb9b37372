/**
 * File batches as the jobs Worker fills them, while it is killed, objects and R2 fail and messages come twice; what is
 * left of a store after its deletion; files that are deleted.
 */
import type { R2Bucket } from "@cloudflare/workers-types";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HostileWorkers, startHostile } from "../batches/support/hostile.ts";
import { askObject } from "../support/ask-object.ts";
import { eventually } from "../support/eventually.ts";
import { noiseBmp, solidBmp } from "../support/write-bmp.ts";
import { driver } from "./support/driver.ts";

const FILES = 70;
const ACCOUNT = "public";
const WELL = { failing: 0, kills: 0, copies: 1, busy: 0 };

let workers: HostileWorkers;
let url: URL;
let client: OpenAI;
let vectors: R2Bucket;
let jobs: { scheduled(event: { cron: string }): Promise<{ outcome: string }> };
let width = 0;

beforeAll(async () => {
  workers = await startHostile([await driver()]);
  url = await workers.miniflare.unsafeGetDirectURL("driver");
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 10 });
  vectors = (await workers.miniflare.getR2Bucket("VECTORS", "driver")) as unknown as R2Bucket;
  jobs = (await workers.miniflare.getWorker("edgeclip-jobs")) as unknown as typeof jobs;
  const { data } = await client.embeddings.create({
    model: "edgeclip-demo",
    input: "a",
    encoding_format: "float",
  });
  width = data[0]!.embedding.length;
});

afterAll(async () => {
  await workers.dispose();
});

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(store: string, method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { store: `${ACCOUNT}/${store}`, method, parameters });
}

let stores = 0;
/** As the gateway makes one. */
async function made(): Promise<string> {
  const id = `vs_${String(stores++).padStart(24, "0")}`;
  await vectors.put(`stores/${ACCOUNT}/${id}`, "");
  await ask(id, "account", "addStore", id, 100);
  const model = workers.prefix.replace("/", "@");
  const settings = { name: null, description: null, metadata: {}, expiresAfterDays: null, model, width };
  await ask(id, "create", ACCOUNT, id, settings);
  return id;
}

const upload = async (bytes: Uint8Array, name: string): Promise<string> =>
  (await client.files.create({ file: await toFile(bytes, name), purpose: "vision" })).id;

const send = (id: string): Promise<unknown> =>
  ask(id, "send", { kind: "vector-store", account: ACCOUNT, id });

it(
  "every picture of a batch gets its vector, and every other file its error",
  { timeout: 300_000 },
  async () => {
    const id = await made();
    const pictures: string[] = [];
    for (let index = 0; index < FILES; index++) {
      const bytes = noiseBmp(24, 24, index);
      pictures.push(await upload(bytes, `p${index}.bmp`));
    }
    const text = await upload(new TextEncoder().encode("no picture"), "t.txt");
    const missing = pictures[0]!.replace(/.{6}$/, "AAAAAA");
    const files = [...pictures, text, missing].map((fileId) => ({ fileId, attributes: { fileId } }));
    await ask(id, "createBatch", { id: "vsfb_1", keyId: null, tier: "public", files }, 100_000);
    await workers.set({ failing: 0.02, kills: 4, copies: 2, busy: 0 });
    await send(id);
    await eventually(async () => (await ask(id, "batch", "vsfb_1")).status !== "in_progress", {
      patienceMs: 250_000,
    });
    await workers.set(WELL);
    const batch = await ask(id, "batch", "vsfb_1");
    expect(batch).toMatchObject({
      status: "completed",
      counts: { in_progress: 0, completed: FILES, failed: 2, cancelled: 0, total: FILES + 2 },
    });
    expect((await ask(id, "picture", text)).lastError.code).toBe("unsupported_file");
    expect((await ask(id, "picture", missing)).lastError.code).toBe("invalid_file");
    const facts = await ask(id, "picture", pictures[3]!);
    expect(facts).toMatchObject({
      filename: "p3.bmp",
      bytes: noiseBmp(24, 24, 3).length,
      batchId: "vsfb_1",
    });
    // Each picture is nearest to itself.
    const input = pictures.slice(0, 5).map((file_id) => ({ file_id })) as unknown as string[];
    const { data } = await client.embeddings.create({
      model: "edgeclip-demo",
      input,
      encoding_format: "float",
    });
    for (const { index, embedding } of data) {
      const { matches } = await ask(id, "search", embedding, 3);
      expect(matches[0].picture.attributes.fileId).toBe(pictures[index]);
      expect(matches[0].score).toBeGreaterThan(0.999);
    }
  },
);

it("a batch whose message was lost goes on with the sweep", { timeout: 120_000 }, async () => {
  const id = await made();
  const file = await upload(solidBmp(24, 24, [1, 2, 3]), "p.bmp");
  const batch = { id: "vsfb_2", keyId: null, tier: "public", files: [{ fileId: file, attributes: {} }] };
  await ask(id, "createBatch", batch, 100_000);
  await ask(id, "query", "UPDATE store SET record = json_set(record, '$.expectedAt', 0)");
  expect((await jobs.scheduled({ cron: "" })).outcome).toBe("ok");
  await eventually(async () => (await ask(id, "batch", "vsfb_2")).status === "completed");
});

it(
  "a deleted file leaves the account's stores, and a deleted store leaves nothing",
  { timeout: 120_000 },
  async () => {
    const [id, other] = [await made(), await made()];
    const file = await upload(solidBmp(24, 24, [9, 9, 9]), "q.bmp");
    const ints = { int8: Array.from({ length: width }, () => 1) };
    const picture = { fileId: file, filename: "q", bytes: 1, attributes: {}, row: { ints, scale: 1 } };
    for (const each of [id, other]) await ask(each, "add", [picture], 100_000);
    for (let part = 0; part < 2; part++) {
      const many = Array.from({ length: 600 }, (_, index) => ({ ...picture, fileId: `f${part}-${index}` }));
      await ask(id, "add", many, 100_000);
    }
    await send(id);
    await eventually(async () => (await ask(id, "view", null)).segments.length === 1);
    expect((await vectors.list({ prefix: `segments/${ACCOUNT}/${id}/` })).objects).toHaveLength(1);
    // One that is still there, because its deletion failed, keeps its pictures.
    const kept = await upload(solidBmp(24, 24, [9, 9, 8]), "r.bmp");
    await ask(other, "add", [{ ...picture, fileId: kept }], 100_000);
    await ask(id, "send", { kind: "vector-store-file", account: ACCOUNT, fileId: kept });
    await client.files.delete(file);
    await eventually(async () => (await ask(id, "picture", file)) === undefined);
    await eventually(async () => (await ask(other, "picture", file)) === undefined);
    expect(await ask(other, "picture", kept)).toMatchObject({ status: "completed" });
    await ask(id, "remove");
    await send(id);
    await eventually(
      async () => (await vectors.list({ prefix: `stores/${ACCOUNT}/${id}` })).objects.length === 0,
    );
    expect((await vectors.list({ prefix: `segments/${ACCOUNT}/${id}/` })).objects).toEqual([]);
    const query = { after: null, before: null, limit: 100, order: "asc" };
    const { ids } = await ask(id, "account", "listStores", query);
    expect([ids.includes(id), ids.includes(other)]).toEqual([false, true]);
  },
);
