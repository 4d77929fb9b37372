/** A vector store's object: what is found after which change, and what is left of a store. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PictureQuery } from "../../functions/vector-stores/store-state-rpc.ts";
import {
  MAX_PICTURES,
  ask,
  found,
  made,
  picture,
  pictures,
  query,
  settings,
  take,
  WIDTH,
  ending,
  starting,
} from "./ask-store.ts";

beforeAll(starting);
afterAll(ending);

describe("pictures", () => {
  it("are found from when they were added, by number", async () => {
    const store = await made();
    const { pictures: added } = await ask(
      store,
      "add",
      [picture("a", { k: "v" }), picture("b")],
      MAX_PICTURES,
    );
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
    await ask(store, "add", [picture("a"), picture("b"), picture("c")], MAX_PICTURES);
    await ask(store, "add", [picture("a", {}, 9)], MAX_PICTURES);
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
    await ask(store, "add", [picture("a"), picture("b")], MAX_PICTURES);
    expect(await ask(store, "removePicture", "a")).toBe(true);
    expect(await ask(store, "removePicture", "a")).toBe(false);
    expect(await found(store)).toEqual([2]);
    expect(await ask(store, "picture", "a")).toBeUndefined();
    await ask(store, "removePicture", "b");
    expect(await ask(store, "facts")).toMatchObject({ usageBytes, counts: { total: 0 } });
  });

  it("are told once: a view has only what its asker does not know", async () => {
    const store = await made();
    await ask(store, "add", pictures(3), MAX_PICTURES);
    const view = await ask(store, "view", null);
    expect(await ask(store, "view", { version: view.version, number: 3 })).toBe("same");
    await ask(store, "add", [picture("new")], MAX_PICTURES);
    await ask(store, "removePicture", "f0");
    const next = await ask(store, "view", { version: view.version, number: 3 });
    expect(next.live).toEqual([2, 3, 4]);
    expect(next.added.map(({ number }: any) => number)).toEqual([4]);
  });

  it("of another width, too many, or with long attributes, are refused and change nothing", async () => {
    const store = await made();
    const wide = { ...picture("b"), row: { ints: { int8: [1] }, scale: 1 } };
    expect(await ask(store, "add", [picture("a"), wide], MAX_PICTURES)).toBe("width");
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
    await ask(store, "add", pictures(7), MAX_PICTURES);
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

  it("that come after the newest was removed are on the page after it", async () => {
    const store = await made();
    const after = async (fileId: string): Promise<unknown[]> =>
      (await ask(store, "pictures", query({ after: fileId }))).pictures.map((each: any) => each.fileId);
    await ask(store, "add", pictures(2), MAX_PICTURES);
    await ask(store, "removePicture", "f1");
    await ask(store, "add", [picture("new")], MAX_PICTURES);
    expect([await after("f1"), await after("f0")]).toEqual([["new"], ["new"]]);
    for (const fileId of ["f0", "new"]) await ask(store, "removePicture", fileId);
    const files = ["waiting"].map((fileId) => ({ fileId, attributes: {} }));
    await ask(store, "createBatch", { id: "b", keyId: null, tier: "free", files }, MAX_PICTURES);
    expect([await after("f1"), await after("new")]).toEqual([["waiting"], ["waiting"]]);
  });

  it("cost few written rows", async () => {
    const store = await made();
    const add = async (list: object[]): Promise<number> =>
      await ask(store, "written", "add", list, MAX_PICTURES);
    const [one, eleven] = [await add(pictures(1)), await add(pictures(11, 100))];
    // A row and two indexes; once a call, the store's own.
    expect([one, (eleven - one) / 10]).toEqual([4, 3]);
    expect(await ask(store, "written", "setAttributes", "f0", { k: 1 })).toBeLessThanOrEqual(4);
    expect(await ask(store, "written", "removePicture", "f0")).toBeLessThanOrEqual(4);
    expect(await ask(store, "written", "view", null)).toBe(0);
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
    await ask(store, "add", [picture("a")], MAX_PICTURES);
    expect(await ask(store, "remove")).toBe(true);
    expect(await ask(store, "remove")).toBe(false);
    const gone = ["facts", "view", "picture", "pictures", "batch", "cancelBatch", "update", "removePicture"];
    for (const method of gone) expect(await ask(store, method, query())).toBeUndefined();
    expect(await ask(store, "add", [picture("b")], MAX_PICTURES)).toBe("gone");
    expect(await ask(store, "setAttributes", "a", {})).toBe("gone");
    expect(await ask(store, "createBatch", { id: "b", files: [] }, MAX_PICTURES)).toBe("gone");
    expect(await ask(store, "describe", [1])).toEqual({});
    expect((await take(store)).kind).toBe("clear");
    await ask(store, "erased");
    expect((await take(store)).kind).toBe("unknown");
    expect((await ask(store, "care")).state).toBe("unknown");
    expect(await ask(store, "query", "SELECT name FROM sqlite_master WHERE name = 'pictures'")).toEqual([]);
  });

  it("is cleared only when whoever writes a segment of it cannot be writing any more", async () => {
    const store = await made();
    await ask(store, "add", pictures(1_000), MAX_PICTURES);
    await ask(store, "add", pictures(100, 1_000), MAX_PICTURES);
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
    await ask(store, "add", [picture("a")], MAX_PICTURES);
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
    expect(await ask(store, "add", [picture("b")], MAX_PICTURES)).toBe("expired");
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
    expect(await ask("nobody", "add", [picture("a")], MAX_PICTURES)).toBe("gone");
    const tables = await ask("nobody", "query", "SELECT name FROM sqlite_master WHERE name = 'store'");
    expect(tables).toEqual([]);
  });
});
