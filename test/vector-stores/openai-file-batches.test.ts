/** `client.vectorStores.fileBatches` of the unmodified `openai` SDK: the jobs Worker embeds the files. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type OpenAI from "openai";
import { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KeyedWorkers, startKeyedWorkers } from "../support/keyed-workers.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const NAMES = ["fox", "grapes", "moon", "rocket"];

let deployment: KeyedWorkers;
let client: OpenAI;
let stores: OpenAI["vectorStores"];

const file = async (name: string): Promise<File> =>
  (await toFile(await readFile(join(EXAMPLES, `${name}.png`)), `${name}.png`)) as File;

beforeAll(async () => {
  deployment = await startKeyedWorkers();
  client = deployment.sdk(deployment.keys.a);
  stores = client.vectorStores;
});

afterAll(async () => {
  await deployment.workers.dispose();
});

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of pages) found.push(each);
  return found;
}

describe("file batches", () => {
  it("are made, polled, listed and cancelled", async () => {
    const { id } = await stores.create({});
    const ids: string[] = [];
    for (const name of NAMES) {
      ids.push((await client.files.create({ file: await file(name), purpose: "vision" })).id);
    }
    const text = await client.files.create({
      file: await toFile(Buffer.from("words"), "a.txt"),
      purpose: "assistants",
    });
    const made = await stores.fileBatches.create(id, {
      file_ids: [...ids, text.id],
      attributes: { set: "one" },
    });
    expect(made).toMatchObject({ object: "vector_store.files_batch", vector_store_id: id });
    expect(made.file_counts.total).toBe(5);
    const done = await stores.fileBatches.poll(id, made.id, { pollIntervalMs: 100 });
    expect(done).toMatchObject({
      status: "completed",
      file_counts: { completed: 4, failed: 1, in_progress: 0, cancelled: 0, total: 5 },
    });
    const at = { vector_store_id: id };
    expect(await stores.fileBatches.retrieve(made.id, at)).toEqual(done);
    const listed = await all(stores.fileBatches.listFiles(made.id, { ...at, limit: 2, order: "asc" }));
    expect(new Set(listed.map((each) => each.id))).toEqual(new Set([...ids, text.id]));
    const [failed, ...rest] = await all(stores.fileBatches.listFiles(made.id, { ...at, filter: "failed" }));
    expect(rest).toEqual([]);
    expect(failed).toMatchObject({ id: text.id, last_error: { code: "unsupported_file" } });
    const [nearest] = await all(stores.search(id, { query: "a photo of grapes." }));
    expect(nearest).toMatchObject({ filename: "grapes.png", attributes: { set: "one" } });
    // One that is over is left as it is.
    expect(await stores.fileBatches.cancel(made.id, at)).toEqual(done);
    await stores.delete(id);
  });

  it("come with files of their own, or with a new store", async () => {
    const one = await client.files.create({ file: await file("fox"), purpose: "vision" });
    const store = await stores.create({ file_ids: [one.id] });
    expect(store.file_counts.total).toBe(1);
    const batch = await stores.fileBatches.createAndPoll(
      store.id,
      { files: [{ file_id: one.id, attributes: { n: 1 } }] },
      { pollIntervalMs: 100 },
    );
    expect(batch.status).toBe("completed");
    const uploaded = await stores.fileBatches.uploadAndPoll(
      store.id,
      { files: [await file("moon"), await file("rocket")], fileIds: [one.id] },
      { pollIntervalMs: 100 },
    );
    expect(uploaded.file_counts).toMatchObject({ completed: 3, total: 3 });
    expect((await stores.retrieve(store.id)).file_counts).toMatchObject({ completed: 3, total: 3 });
    await stores.delete(store.id);
  });

  it("keep files that are not there as failed ones, which are shown, refused, and deleted", async () => {
    const { id } = await stores.create({});
    const at = { vector_store_id: id };
    await stores.fileBatches.createAndPoll(id, { file_ids: ["file-abc123"] }, { pollIntervalMs: 100 });
    const [failed] = await all(stores.files.list(id));
    expect(failed).toMatchObject({ id: "file-abc123", status: "failed" });
    expect(await stores.files.retrieve("file-abc123", at)).toEqual(failed);
    await expect(stores.files.content("file-abc123", at)).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('it could not be embedded: there is no file "file-abc123"'),
    });
    expect(await stores.files.delete("file-abc123", at)).toMatchObject({ deleted: true });
    expect((await stores.retrieve(id)).file_counts.total).toBe(0);
    await stores.delete(id);
  });
});
