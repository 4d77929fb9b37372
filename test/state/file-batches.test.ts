/** File batches of a vector store: which files are lent, and where each ends. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attributes } from "../../functions/vector-stores/stored-picture.ts";
import {
  MAX_PICTURES,
  ask,
  compact,
  found,
  made,
  picture,
  pictures,
  query,
  range,
  row,
  take,
  ending,
  starting,
} from "./ask-store.ts";

beforeAll(starting);
afterAll(ending);

const batch = (id: string, files: string[], attributes: Attributes = {}): object => ({
  id,
  keyId: "key",
  tier: "free",
  files: files.map((fileId) => ({ fileId, attributes })),
});
const ready = (fileId: string): object => ({ fileId, filename: "n.png", bytes: 5, result: row(3) });
const broken = (fileId: string): object => ({
  fileId,
  filename: "n.png",
  bytes: 5,
  result: { code: "unsupported_file", message: "no picture" },
});

describe("file batches", () => {
  it("complete, fail, or are cancelled, one file each", async () => {
    const store = await made();
    await ask(store, "add", [picture("known")], MAX_PICTURES);
    const facts = await ask(
      store,
      "createBatch",
      batch("b1", ["a", "b", "c", "known"], { k: 1 }),
      MAX_PICTURES,
    );
    expect(facts).toMatchObject({ id: "b1", status: "in_progress" });
    expect(facts.counts).toEqual({ in_progress: 3, completed: 1, failed: 0, cancelled: 0, total: 4 });
    expect(await ask(store, "createBatch", batch("b1", ["z"]), MAX_PICTURES)).toEqual(facts);
    expect(await ask(store, "facts")).toMatchObject({ status: "in_progress", counts: { in_progress: 3 } });
    const { kind, token, filling } = await take(store);
    expect([kind, filling.fileIds]).toEqual(["fill", ["a", "b", "c"]]);
    expect(filling).toMatchObject({ batchId: "b1", keyId: "key", tier: "free", model: "m@1", tries: 0 });
    expect((await take(store)).kind).toBe("busy");
    await ask(store, "removePicture", "c");
    await ask(store, "filled", token, [ready("a"), broken("b"), ready("c"), ready("never")], 0);
    // Heard twice.
    await ask(store, "filled", token, [broken("a"), ready("b")], 0);
    expect(await ask(store, "batch", "b1")).toMatchObject({
      status: "completed",
      counts: { in_progress: 0, completed: 2, failed: 1, cancelled: 1, total: 4 },
    });
    const { pictures: listed } = await ask(store, "pictures", query({ batchId: "b1" }));
    expect(listed.map(({ fileId, status, attributes }: any) => [fileId, status, attributes.k])).toEqual([
      ["known", "completed", 1],
      ["a", "completed", 1],
      ["b", "failed", 1],
    ]);
    expect(listed[2].lastError).toEqual({ code: "unsupported_file", message: "no picture" });
    expect(await found(store)).toEqual([2, 3]);
    expect((await ask(store, "pictures", query({ status: "failed" }))).pictures).toHaveLength(1);
    expect((await take(store)).kind).toBe("none");
    expect(await ask(store, "batch", "unknown")).toBeUndefined();
  });

  it("that are cancelled leave what is done, and what comes late changes nothing", async () => {
    const store = await made();
    const files = Array.from({ length: 40 }, (_, index) => `f${index}`);
    await ask(store, "createBatch", batch("b", files), MAX_PICTURES);
    const { token, filling } = await take(store);
    expect(filling.fileIds).toHaveLength(32);
    await ask(store, "filled", token, filling.fileIds.map(ready), 0);
    const next = await take(store);
    expect(next.filling.fileIds).toHaveLength(8);
    expect(await ask(store, "cancelBatch", "b")).toMatchObject({
      status: "cancelled",
      counts: { completed: 32, cancelled: 8, in_progress: 0 },
    });
    await ask(store, "filled", next.token, next.filling.fileIds.map(ready), 0);
    expect(await found(store)).toHaveLength(32);
    expect((await ask(store, "pictures", query({ status: "cancelled" }))).pictures).toHaveLength(8);
    // A file may come with another batch, or alone.
    await ask(store, "createBatch", batch("again", ["f39"]), MAX_PICTURES);
    await ask(store, "add", [picture("f38")], MAX_PICTURES);
    const last = await take(store);
    await ask(store, "filled", last.token, [ready("f39")], 0);
    expect((await ask(store, "facts")).counts).toEqual({
      in_progress: 0,
      completed: 34,
      failed: 0,
      cancelled: 6,
      total: 40,
    });
  });

  it("that another batch, or an addition, takes files from are over all the same", async () => {
    const store = await made();
    await ask(store, "createBatch", batch("one", ["a", "b", "c"]), MAX_PICTURES);
    await ask(store, "createBatch", batch("two", ["a"]), MAX_PICTURES);
    await ask(store, "add", [picture("b")], MAX_PICTURES);
    await ask(store, "removePicture", "c");
    expect(await ask(store, "batch", "one")).toMatchObject({
      status: "completed",
      counts: { cancelled: 2, completed: 1, in_progress: 0 },
    });
    expect((await ask(store, "batch", "two")).status).toBe("in_progress");
  });

  it("wait when the work is given back, and survive whoever dies of one file", async () => {
    const store = await made();
    await ask(store, "createBatch", batch("b", ["bad", "good"]), MAX_PICTURES);
    const { token } = await take(store);
    await ask(store, "release", token, 60_000);
    // A message is expected after the pause; it may be the one that is delivered again.
    expect(await take(store)).toMatchObject({ kind: "busy" });
    expect(await take(store, "again", 2)).toMatchObject({ kind: "wait" });
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.notBefore', 0)");
    const sizes: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      const work = await take(store, "the same", attempt);
      sizes.push(work.filling.fileIds.length);
    }
    expect(sizes).toEqual([2, 2, 2, 1, 1, 1, 1, 1, 1]);
    const { lastError } = await ask(store, "picture", "bad");
    expect(lastError.code).toBe("server_error");
    const work = await take(store, "the same", 10);
    expect(work.filling.fileIds).toEqual(["good"]);
  });

  it("are lent alone until the one that kills was found, wherever it is", async () => {
    const store = await made();
    const files = Array.from({ length: 40 }, (_, index) => `f${index}`);
    await ask(store, "createBatch", batch("b", files), MAX_PICTURES);
    const sizes: number[] = [];
    let attempt = 1;
    for (;;) {
      const { token, filling } = await take(store, "the same", attempt++);
      if (filling.fileIds[0] === "f32") break;
      sizes.push(filling.fileIds.length);
      if (filling.fileIds.includes("f4")) continue;
      await ask(store, "filled", token, filling.fileIds.map(ready), 0);
    }
    expect(sizes.slice(0, 3)).toEqual([32, 32, 32]);
    // Each once, but the one that kills.
    expect(sizes.slice(3)).toEqual(Array.from({ length: 31 + 8 }, () => 1));
    expect((await ask(store, "picture", "f4")).status).toBe("failed");
    expect((await take(store, "the same", attempt)).filling.fileIds).toHaveLength(8);
  });

  it("that failed keep their reason when their attributes change, until they wait again", async () => {
    const store = await made();
    await ask(store, "createBatch", batch("b", ["bad"]), MAX_PICTURES);
    await ask(store, "filled", (await take(store)).token, [broken("bad")], 0);
    await ask(store, "setAttributes", "bad", { k: 1 });
    expect(await ask(store, "picture", "bad")).toMatchObject({
      status: "failed",
      attributes: { k: 1 },
      lastError: { code: "unsupported_file", message: "no picture" },
    });
    await ask(store, "createBatch", batch("again", ["bad"]), MAX_PICTURES);
    expect(await ask(store, "picture", "bad")).toMatchObject({ status: "in_progress", lastError: null });
  });

  it("of files that the store has are taken, also if rows are open of which no segment is due", async () => {
    const store = await made();
    const files = Array.from({ length: 2_000 }, (_, index) => `f${index}`);
    await ask(store, "createBatch", batch("first", files), MAX_PICTURES);
    await ask(store, "add", pictures(1_000), MAX_PICTURES);
    const counts = { in_progress: 1_000, completed: 1_000, total: 2_000 };
    expect(await ask(store, "createBatch", batch("again", files), MAX_PICTURES)).toMatchObject({ counts });
    expect(await ask(store, "createBatch", batch("changed", files, { k: 1 }), MAX_PICTURES)).toMatchObject({
      counts,
    });
    expect(await found(store)).toEqual(range(1_001, 2_000));
    expect((await take(store)).kind).toBe("fill");
  });

  it("that write too many rows are taken after a segment, which is due since they were refused", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    await compact(store, segments);
    await ask(store, "add", pictures(49, 2_000), MAX_PICTURES);
    expect((await take(store)).kind).toBe("none");
    const files = Array.from({ length: 2_000 }, (_, index) => `f${index}`);
    const create = (id: string, k: number): Promise<unknown> =>
      ask(store, "createBatch", batch(id, files, { k }), MAX_PICTURES);
    expect(await create("b1", 1)).toBe("unattended");
    expect(await create("b1", 1)).toBe("busy");
    expect(await compact(store, segments)).toHaveLength(49);
    const completed = { status: "completed", counts: { completed: 2_000 } };
    expect(await create("b1", 1)).toMatchObject(completed);
    expect((await ask(store, "view", null)).live).toHaveLength(2_000);
    // Rows that are open already take no more room; and these write none.
    expect(await create("b2", 2)).toMatchObject(completed);
    await ask(store, "add", pictures(48, 3_000), MAX_PICTURES);
    expect(await create("b3", 2)).toMatchObject(completed);
    expect(await ask(store, "setAttributes", "f0", { k: 2 })).toHaveProperty("pictures");
    expect(await ask(store, "setAttributes", "f0", { k: 3 })).toBe("busy");
    expect(await compact(store, segments)).toHaveLength(2_048);
    expect(await ask(store, "setAttributes", "f0", { k: 3 })).toHaveProperty("pictures");
    // No segment is wanted any more.
    expect((await take(store)).kind).toBe("none");
  });

  it("cost few written rows", async () => {
    const store = await made();
    const create = async (id: string, files: string[]): Promise<number> =>
      await ask(store, "written", "createBatch", batch(id, files), MAX_PICTURES);
    const one = await create("b1", ["a"]);
    const eleven = await create(
      "b2",
      Array.from({ length: 11 }, (_, index) => `f${index}`),
    );
    expect((eleven - one) / 10).toBe(4);
    await ask(store, "filled", (await take(store)).token, [ready("a")], 0);
    const { token, filling } = await take(store);
    expect(filling.fileIds).toHaveLength(11);
    const filled = await ask(store, "written", "filled", token, filling.fileIds.map(ready), 0);
    // A row and its entries in two indexes; once, the store's and the batch's own.
    expect(filled).toBeLessThanOrEqual(11 * 3 + 3);
  });
});
