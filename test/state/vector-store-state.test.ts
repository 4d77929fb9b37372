/** A vector store's object: what is found after which change, what is lent to whom, and what is left of a store. */
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewStore, PictureQuery } from "../../functions/vector-stores/store-state-rpc.ts";
import type { Attributes } from "../../functions/vector-stores/stored-picture.ts";
import { startObject } from "./start-object.ts";

/** The class as deployed, with a way to its rows, which a test makes older. Typed arrays and maps travel as JSON. */
const SCRIPT = `
import { VectorStoreState as Deployed } from "./vector-store-state.ts";

export class VectorStoreState extends Deployed {
  query(statement, ...values) {
    return this.ctx.storage.sql.exec(statement, ...values).toArray();
  }
  async removeAll(prefix, from, to) {
    for (let number = from; number <= to; number++) await this.removePicture(prefix + number);
  }
  /** Rows that the call wrote, those of indexes included. */
  async written(method, ...parameters) {
    const { sql } = this.ctx.storage;
    let rows = 0;
    const exec = sql.exec.bind(sql);
    const cursors = [];
    Object.defineProperty(sql, "exec", { configurable: true, value: (...given) => {
      const cursor = exec(...given);
      cursors.push(cursor);
      return cursor;
    } });
    await this[method](...parameters);
    delete sql.exec;
    return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
  }
}

const given = (key, value) =>
  value?.int8 ? Int8Array.from(value.int8) : value?.uint32 ? Uint32Array.from(value.uint32) : value;
const told = (key, value) =>
  value instanceof Map ? Object.fromEntries(value) : ArrayBuffer.isView(value) ? [...value] : value;

export default {
  async fetch(request, env) {
    const { store, method, parameters } = JSON.parse(await request.text(), given);
    try {
      const value = await env.STORES.getByName(store)[method](...parameters);
      return new Response(JSON.stringify({ value }, told));
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  ({ miniflare, url } = await startObject(SCRIPT, "STORES", "VectorStoreState"));
});

afterAll(async () => {
  await miniflare.dispose();
});

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(store: string, method: string, ...parameters: unknown[]): Promise<any> {
  const body = JSON.stringify({ store, method, parameters });
  const { value, error } = (await (await fetch(url, { method: "POST", body })).json()) as {
    value?: unknown;
    error?: string;
  };
  if (error !== undefined) throw new Error(error);
  return value;
}

const WIDTH = 4;
const MOST = 100_000;
const settings: NewStore = {
  name: "s",
  description: null,
  metadata: {},
  expiresAfterDays: null,
  model: "m@1",
  width: WIDTH,
};
const row = (value: number): object => ({ ints: { int8: [127, value, 0, 0] }, scale: 0.5 });
const picture = (fileId: string, attributes: Attributes = {}, value = 1): object => ({
  fileId,
  filename: `${fileId}.png`,
  bytes: 10,
  attributes,
  row: row(value),
});
const pictures = (count: number, first = 0): object[] =>
  Array.from({ length: count }, (_, index) => picture(`f${first + index}`));
const query = (changes: Partial<PictureQuery> = {}): PictureQuery => ({
  after: null,
  before: null,
  limit: 100,
  order: "asc",
  status: null,
  batchId: null,
  ...changes,
});

let stores = 0;
async function made(changes: Partial<NewStore> = {}): Promise<string> {
  const store = `store-${stores++}`;
  await ask(store, "create", "account", store, { ...settings, ...changes });
  return store;
}

let messages = 0;
const take = (store: string, message = `message-${messages++}`, attempt = 1): Promise<any> =>
  ask(store, "take", { message, attempt });

/** Live rows as a search sees them: numbers in segments that are not dead, and open ones. */
async function found(store: string, segments = new Map<string, number[]>()): Promise<number[]> {
  const view = await ask(store, "view", null);
  const inSegments = view.segments.flatMap(({ key, dead }: { key: string; dead?: number[] }) =>
    segments.get(key)!.filter((_, index) => ((dead?.[index >> 3] ?? 0) & (1 << (index & 7))) === 0),
  );
  expect(view.added.map(({ number }: { number: number }) => number)).toEqual(view.live);
  return [...inSegments, ...view.live];
}

/** Takes the compaction that is due, and says that it is done. */
async function compact(store: string, segments: Map<string, number[]>): Promise<number[]> {
  const { kind, token, compaction } = await take(store);
  expect(kind).toBe("compact");
  const numbers: number[] = compaction.numbers;
  segments.set(compaction.key, numbers);
  const segment = { key: compaction.key, rows: numbers.length, bytes: 1, sha256: "x" };
  expect(await ask(store, "compacted", token, segment, { uint32: numbers })).toBe(true);
  return numbers;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("pictures", () => {
  it("are found from when they were added, by number", async () => {
    const store = await made();
    const { pictures: added } = await ask(store, "add", [picture("a", { k: "v" }), picture("b")], MOST);
    expect(added[0]).toEqual({
      fileId: "a",
      filename: "a.png",
      bytes: 10,
      attributes: { k: "v" },
      createdAt: added[0].createdAt,
      status: "completed",
      lastError: null,
      batchId: null,
    });
    const view = await ask(store, "view", null);
    expect(view).toMatchObject({ model: "m@1", width: WIDTH, segments: [], live: [1, 2] });
    expect(view.added[0]).toEqual({
      number: 1,
      row: { ints: [127, 1, 0, 0], scale: 0.5 },
      attributes: { k: "v" },
    });
    const described = await ask(store, "describe", [2, 1, 7]);
    expect(Object.entries(described).map(([number, { fileId }]: any) => [number, fileId])).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
  });

  it("that are replaced or change get new rows, and keep their places in the list", async () => {
    const store = await made();
    await ask(store, "add", [picture("a"), picture("b"), picture("c")], MOST);
    await ask(store, "add", [picture("a", {}, 9)], MOST);
    await ask(store, "setAttributes", "b", { k: 1 });
    expect(await found(store)).toEqual([3, 4, 5]);
    const { pictures: listed } = await ask(store, "pictures", query());
    expect(listed.map(({ fileId }: any) => fileId)).toEqual(["a", "b", "c"]);
    expect(listed[1].attributes).toEqual({ k: 1 });
    expect(await ask(store, "setAttributes", "nobody", {})).toBeUndefined();
    const before = await ask(store, "view", null);
    await ask(store, "setAttributes", "b", { k: 1 });
    expect(await ask(store, "view", { version: before.version, number: 5 })).toBe("same");
    expect((await ask(store, "facts")).counts).toMatchObject({ completed: 3, total: 3 });
  });

  it("that are removed are not found", async () => {
    const store = await made();
    const { usageBytes } = await ask(store, "facts");
    await ask(store, "add", [picture("a"), picture("b")], MOST);
    expect(await ask(store, "removePicture", "a")).toBe(true);
    expect(await ask(store, "removePicture", "a")).toBe(false);
    expect(await found(store)).toEqual([2]);
    expect(await ask(store, "picture", "a")).toBeUndefined();
    await ask(store, "removePicture", "b");
    expect(await ask(store, "facts")).toMatchObject({ usageBytes, counts: { total: 0 } });
  });

  it("are told once: a view has only what its asker does not know", async () => {
    const store = await made();
    await ask(store, "add", pictures(3), MOST);
    const view = await ask(store, "view", null);
    expect(await ask(store, "view", { version: view.version, number: 3 })).toBe("same");
    await ask(store, "add", [picture("new")], MOST);
    await ask(store, "removePicture", "f0");
    const next = await ask(store, "view", { version: view.version, number: 3 });
    expect(next.live).toEqual([2, 3, 4]);
    expect(next.added.map(({ number }: any) => number)).toEqual([4]);
  });

  it("of another width, too many, or with long attributes, are refused and change nothing", async () => {
    const store = await made();
    const wide = { ...picture("b"), row: { ints: { int8: [1] }, scale: 1 } };
    expect(await ask(store, "add", [picture("a"), wide], MOST)).toBe("width");
    await ask(store, "add", [picture("a")], 2);
    expect(await ask(store, "add", [picture("b"), picture("c")], 2)).toBe("full");
    expect(await ask(store, "add", [picture("a"), picture("b")], 2)).toHaveProperty("pictures");
    const long = { k: "x".repeat(1_100) };
    await expect(ask(store, "add", [picture("a", { k: 1 }), picture("b", long)], 2)).rejects.toThrow(
      "too long",
    );
    expect(await found(store)).toEqual([2, 3]);
  });

  it("are listed in pages, in both directions", async () => {
    const store = await made();
    await ask(store, "add", pictures(7), MOST);
    const page = async (changes: Partial<PictureQuery>): Promise<unknown[]> => {
      const { pictures: listed, hasMore } = await ask(store, "pictures", query({ limit: 3, ...changes }));
      return [...listed.map(({ fileId }: any) => fileId), hasMore];
    };
    expect(await page({})).toEqual(["f0", "f1", "f2", true]);
    expect(await page({ after: "f2" })).toEqual(["f3", "f4", "f5", true]);
    expect(await page({ after: "f5" })).toEqual(["f6", false]);
    expect(await page({ before: "f5" })).toEqual(["f2", "f3", "f4", true]);
    expect(await page({ before: "f2" })).toEqual(["f0", "f1", false]);
    expect(await page({ order: "desc" })).toEqual(["f6", "f5", "f4", true]);
    expect(await page({ order: "desc", after: "f4" })).toEqual(["f3", "f2", "f1", true]);
    expect(await page({ order: "desc", before: "f3" })).toEqual(["f6", "f5", "f4", false]);
    expect(await page({ after: "f1", before: "f4" })).toEqual(["f2", "f3", false]);
    expect(await page({ after: "nobody" })).toEqual([false]);
    expect(await page({ status: "failed" })).toEqual([false]);
    expect(await page({ status: "completed", after: "f4" })).toEqual(["f5", "f6", false]);
  });

  it("cost few written rows", async () => {
    const store = await made();
    const add = async (list: object[]): Promise<number> => await ask(store, "written", "add", list, MOST);
    const [one, eleven] = [await add(pictures(1)), await add(pictures(11, 100))];
    // A row and two indexes; once a call, the store's own.
    expect([one, (eleven - one) / 10]).toEqual([4, 3]);
    expect(await ask(store, "written", "setAttributes", "f0", { k: 1 })).toBeLessThanOrEqual(4);
    expect(await ask(store, "written", "removePicture", "f0")).toBeLessThanOrEqual(4);
    expect(await ask(store, "written", "view", null)).toBe(0);
  });
});

describe("compaction", () => {
  it("makes a segment of open rows, whose deaths meanwhile and later are known", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    expect((await ask(store, "add", pictures(1_000), MOST)).mayCompact).toBe(false);
    expect((await take(store)).kind).toBe("none");
    expect((await ask(store, "add", pictures(24, 1_000), MOST)).mayCompact).toBe(true);
    // Its message is expected now.
    expect((await ask(store, "add", pictures(1, 1_024), MOST)).mayCompact).toBe(false);
    const { token, compaction } = await take(store);
    expect(compaction.numbers).toEqual(range(1, 1_025));
    expect((await take(store)).kind).toBe("busy");
    await ask(store, "removePicture", "f3");
    await ask(store, "setAttributes", "f4", { k: 1 });
    const rows = await ask(store, "rows", { uint32: [1, 4, 6] });
    expect(rows.map(({ number, row: { scale } }: any) => [number, scale])).toEqual([
      [1, 0.5],
      [4, 0],
      [6, 0.5],
    ]);
    const segment = { key: compaction.key, rows: 1_025, bytes: 7, sha256: "x" };
    expect(await ask(store, "compacted", token, segment, { uint32: compaction.numbers })).toBe(true);
    // Heard twice.
    expect(await ask(store, "compacted", token, segment, { uint32: compaction.numbers })).toBe(true);
    segments.set(compaction.key, compaction.numbers);
    await ask(store, "removePicture", "f9");
    await ask(store, "add", [picture("late")], MOST);
    const expected = range(1, 1_025).filter((number) => ![4, 5, 10].includes(number));
    expect(await found(store, segments)).toEqual([...expected, 1_026, 1_027]);
    const { segments: refs } = await ask(store, "view", null);
    expect(refs).toEqual([{ ...segment, dead: expect.any(Array) as unknown }]);
    expect(await ask(store, "removePicture", "late")).toBe(true);
    expect((await ask(store, "facts")).counts.completed).toBe(1_023);
  });

  it("merges small segments and rewrites those with many dead rows", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    for (let part = 0; part < 4; part++) {
      await ask(store, "add", pictures(512, part * 1_024), MOST);
      await ask(store, "add", pictures(512, part * 1_024 + 512), MOST);
      expect(await compact(store, segments)).toHaveLength(1_024);
    }
    await ask(store, "removePicture", "f0");
    // Four of them become one.
    expect(await compact(store, segments)).toEqual(range(2, 4_096));
    expect((await ask(store, "view", null)).segments).toHaveLength(1);
    expect(await found(store, segments)).toEqual(range(2, 4_096));
    await ask(store, "removeAll", "f", 1, 1_024);
    expect(await compact(store, segments)).toEqual(range(1_026, 4_096));
    expect(await found(store, segments)).toEqual(range(1_026, 4_096));
    expect((await take(store)).kind).toBe("none");
    // What was replaced goes from R2 once no search can be reading it.
    expect((await ask(store, "care")).garbage).toEqual([]);
    await ask(store, "query", "UPDATE garbage SET since = since - 3600");
    const { garbage } = await ask(store, "care");
    expect(garbage).toHaveLength(5);
    await ask(store, "cleared", garbage);
    expect((await ask(store, "care")).garbage).toEqual([]);
  });

  it("drops segments of which nothing lives, and refuses what has become wrong", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    await ask(store, "add", pictures(1_000), MOST);
    await ask(store, "add", pictures(100, 1_000), MOST);
    const message = "killed";
    const dead = await take(store, message);
    const again = await take(store, message, 2);
    expect(again.kind).toBe("compact");
    expect(again.compaction.key).not.toBe(dead.compaction.key);
    const segmentOf = ({ compaction }: any): object => ({
      key: compaction.key,
      rows: compaction.numbers.length,
      bytes: 1,
      sha256: "x",
    });
    const numbers = { uint32: again.compaction.numbers };
    expect(await ask(store, "compacted", dead.token, segmentOf(dead), numbers)).toBe(false);
    await expect(
      ask(store, "compacted", again.token, { ...segmentOf(again), rows: 1_099 }, { uint32: range(1, 1_099) }),
    ).resolves.toBe(true);
    segments.set(again.compaction.key, range(1, 1_099));
    // The row that was not told is still open.
    expect(await found(store, segments)).toEqual(range(1, 1_100));
    await ask(store, "removeAll", "f", 0, 1_099);
    expect((await take(store)).kind).toBe("none");
    expect((await ask(store, "view", null)).segments).toEqual([]);
  });

  it("is waited for by those who add, when it is too far behind", async () => {
    const store = await made();
    for (let part = 0; part < 4; part++) await ask(store, "add", pictures(1_000, part * 1_000), MOST);
    expect(await ask(store, "add", pictures(97, 4_000), MOST)).toBe("busy");
    expect(await ask(store, "add", pictures(96, 4_000), MOST)).toHaveProperty("pictures");
    expect(await ask(store, "setAttributes", "f0", { k: 1 })).toBe("busy");
    expect(await ask(store, "removePicture", "f0")).toBe(true);
    await compact(store, new Map());
    expect(await ask(store, "add", pictures(97, 5_000), MOST)).toHaveProperty("pictures");
  });
});

describe("file batches", () => {
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

  it("complete, fail, or are cancelled, one file each", async () => {
    const store = await made();
    await ask(store, "add", [picture("known")], MOST);
    const facts = await ask(store, "createBatch", batch("b1", ["a", "b", "c", "known"], { k: 1 }), MOST);
    expect(facts).toMatchObject({ id: "b1", status: "in_progress" });
    expect(facts.counts).toEqual({ in_progress: 3, completed: 1, failed: 0, cancelled: 0, total: 4 });
    expect(await ask(store, "createBatch", batch("b1", ["z"]), MOST)).toEqual(facts);
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
    await ask(store, "createBatch", batch("b", files), MOST);
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
    await ask(store, "createBatch", batch("again", ["f39"]), MOST);
    await ask(store, "add", [picture("f38")], MOST);
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
    await ask(store, "createBatch", batch("one", ["a", "b", "c"]), MOST);
    await ask(store, "createBatch", batch("two", ["a"]), MOST);
    await ask(store, "add", [picture("b")], MOST);
    await ask(store, "removePicture", "c");
    expect(await ask(store, "batch", "one")).toMatchObject({
      status: "completed",
      counts: { cancelled: 2, completed: 1, in_progress: 0 },
    });
    expect((await ask(store, "batch", "two")).status).toBe("in_progress");
  });

  it("wait when the work is given back, and survive whoever dies of one file", async () => {
    const store = await made();
    await ask(store, "createBatch", batch("b", ["bad", "good"]), MOST);
    const { token } = await take(store);
    await ask(store, "release", token, 60_000);
    expect(await take(store)).toMatchObject({ kind: "wait" });
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

  it("cost few written rows", async () => {
    const store = await made();
    const create = async (id: string, files: string[]): Promise<number> =>
      await ask(store, "written", "createBatch", batch(id, files), MOST);
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

describe("a store", () => {
  it("is made once, changed, and removed for good", async () => {
    const store = await made({ name: "first" });
    expect(await ask(store, "create", "account", store, settings)).toMatchObject({ name: "first" });
    expect(await ask(store, "update", { name: null, metadata: { k: "v" } })).toMatchObject({
      name: null,
      metadata: { k: "v" },
      description: null,
    });
    await ask(store, "add", [picture("a")], MOST);
    expect(await ask(store, "remove")).toBe(true);
    expect(await ask(store, "remove")).toBe(false);
    const gone = ["facts", "view", "picture", "pictures", "batch", "cancelBatch", "update", "removePicture"];
    for (const method of gone) expect(await ask(store, method, query())).toBeUndefined();
    expect(await ask(store, "add", [picture("b")], MOST)).toBe("gone");
    expect(await ask(store, "setAttributes", "a", {})).toBe("gone");
    expect(await ask(store, "createBatch", { id: "b", files: [] }, MOST)).toBe("gone");
    expect(await ask(store, "describe", [1])).toEqual({});
    expect((await take(store)).kind).toBe("clear");
    await ask(store, "erased");
    expect((await take(store)).kind).toBe("unknown");
    expect((await ask(store, "care")).state).toBe("unknown");
    expect(await ask(store, "query", "SELECT name FROM sqlite_master WHERE name = 'pictures'")).toEqual([]);
  });

  it("is cleared only when whoever writes a segment of it cannot be writing any more", async () => {
    const store = await made();
    await ask(store, "add", pictures(1_000), MOST);
    await ask(store, "add", pictures(100, 1_000), MOST);
    const { token, compaction } = await take(store);
    await ask(store, "remove");
    expect((await take(store)).kind).toBe("wait");
    expect(await ask(store, "renew", token)).toBe(false);
    const segment = { key: compaction.key, rows: 1_100, bytes: 1, sha256: "x" };
    expect(await ask(store, "compacted", token, segment, { uint32: compaction.numbers })).toBe(false);
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.lent.until', 0)");
    expect((await take(store)).kind).toBe("clear");
  });

  it("expires when nobody has used it for so long, and stays expired", async () => {
    const store = await made({ expiresAfterDays: 1 });
    await ask(store, "add", [picture("a")], MOST);
    const age = (seconds: number): Promise<unknown> =>
      ask(
        store,
        "query",
        `UPDATE store SET record = json_set(record, '$.lastActiveAt', json_extract(record, '$.lastActiveAt') - ${seconds})`,
      );
    await age(86_000);
    await ask(store, "view", null);
    await age(86_000);
    expect((await ask(store, "facts")).status).toBe("completed");
    await age(86_400);
    const expired = await ask(store, "facts");
    expect(expired.status).toBe("expired");
    await ask(store, "update", { expiresAfterDays: null, name: "late" });
    expect(await ask(store, "facts")).toMatchObject({ status: "expired", name: "late", expiresAfterDays: 1 });
    expect(await ask(store, "view", null)).toBe("expired");
    expect(await ask(store, "add", [picture("b")], MOST)).toBe("expired");
    expect((await ask(store, "care")).state).toBe("due");
    expect((await take(store)).kind).toBe("clear");
    await ask(store, "erased");
    expect(await ask(store, "facts")).toMatchObject({
      status: "expired",
      name: "late",
      counts: { total: 0 },
    });
    expect((await take(store)).kind).toBe("none");
    expect((await ask(store, "care")).state).toBe("fine");
    await ask(store, "remove");
    await ask(store, "erased");
    expect(await ask(store, "facts")).toBeUndefined();
  });

  it("that nobody made is none, and gets no tables", async () => {
    for (const method of ["facts", "view", "remove", "care", "take"]) await ask("nobody", method, {});
    expect(await ask("nobody", "add", [picture("a")], MOST)).toBe("gone");
    const tables = await ask("nobody", "query", "SELECT name FROM sqlite_master WHERE name = 'store'");
    expect(tables).toEqual([]);
  });
});
