/** Segments of a vector store: which are due, which rows of them are dead, and when the old ones go. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxSegmentRows } from "../../functions/vector-stores/segment-layout.ts";
import {
  MAX_PICTURES,
  ask,
  compact,
  found,
  made,
  picture,
  pictures,
  range,
  take,
  ending,
  starting,
} from "./ask-store.ts";

beforeAll(starting);
afterAll(ending);

const FILE = { fileId: "waiting", attributes: {} };

const segmentOf = ({ compaction }: any): object => ({
  key: compaction.key,
  rows: compaction.numbers.length,
  bytes: 1,
  sha256: "x",
});

describe("compaction", () => {
  it("makes a segment of open rows, whose deaths meanwhile and later are known", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    expect((await ask(store, "add", pictures(1_000), MAX_PICTURES)).mayCompact).toBe(false);
    expect((await take(store)).kind).toBe("none");
    expect((await ask(store, "add", pictures(24, 1_000), MAX_PICTURES)).mayCompact).toBe(true);
    // Its message is expected now.
    expect((await ask(store, "add", pictures(1, 1_024), MAX_PICTURES)).mayCompact).toBe(false);
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
    await ask(store, "add", [picture("late")], MAX_PICTURES);
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
      await ask(store, "add", pictures(512, part * 1_024), MAX_PICTURES);
      await ask(store, "add", pictures(512, part * 1_024 + 512), MAX_PICTURES);
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
    await ask(store, "add", pictures(1_000), MAX_PICTURES);
    await ask(store, "add", pictures(100, 1_000), MAX_PICTURES);
    const message = "killed";
    const dead = await take(store, message);
    const again = await take(store, message, 2);
    expect(again.kind).toBe("compact");
    expect(again.compaction.key).not.toBe(dead.compaction.key);
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
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    expect(await ask(store, "add", pictures(49, 2_000), MAX_PICTURES)).toBe("busy");
    expect(await ask(store, "add", pictures(48, 2_000), MAX_PICTURES)).toHaveProperty("pictures");
    expect(await ask(store, "setAttributes", "f0", { k: 1 })).toBe("busy");
    expect(await ask(store, "removePicture", "f0")).toBe(true);
    await compact(store, new Map());
    expect(await ask(store, "add", pictures(49, 5_000), MAX_PICTURES)).toHaveProperty("pictures");
  });

  it("is announced once by refusals while no message is expected", async () => {
    const store = await made();
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    // The second addition has sent one.
    expect(await ask(store, "add", pictures(49, 2_000), MAX_PICTURES)).toBe("busy");
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.expectedAt', 0)");
    const refused = [];
    for (let i = 0; i < 5; i++) refused.push(await ask(store, "add", pictures(49, 2_000), MAX_PICTURES));
    expect(refused).toEqual(["unattended", "busy", "busy", "busy", "busy"]);
    expect(await ask(store, "add", pictures(48, 2_000), MAX_PICTURES)).toHaveProperty("pictures");
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.expectedAt', 0)");
    expect(await ask(store, "setAttributes", "f0", { k: 1 })).toBe("unattended");
    expect(await ask(store, "setAttributes", "f0", { k: 1 })).toBe("busy");
  });

  it("is left to the message that comes after a pause by all that come before it", async () => {
    const store = await made();
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    const { token } = await take(store);
    await ask(store, "release", token, 20_000);
    for (let i = 0; i < 5; i++) expect((await take(store)).kind).toBe("busy");
    // One that was delivered again may be the one that was expected.
    expect((await take(store, "late", 2)).kind).toBe("wait");
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.compactAfter', 0)");
    expect((await take(store)).kind).toBe("compact");
  });

  it("does not leave segments to a message that comes after a longer pause of file batches", async () => {
    const store = await made();
    await ask(store, "createBatch", { id: "b", keyId: "k", tier: "free", files: [FILE] }, MAX_PICTURES);
    const filling = await take(store);
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    await ask(store, "release", filling.token, 600_000);
    const { token } = await take(store);
    await ask(store, "release", token, 20_000);
    // As if the message after the shorter pause had not been announced.
    await ask(
      store,
      "query",
      "UPDATE store SET record = json_set(record, '$.expectedAt', json_extract(record, '$.notBefore'))",
    );
    const { kind, milliseconds } = await take(store);
    expect(kind).toBe("wait");
    expect(milliseconds).toBeLessThanOrEqual(20_000);
    expect((await take(store)).kind).toBe("busy");
  });

  it("goes on while file batches pause, and leaves their pause as it is", async () => {
    const store = await made();
    await ask(store, "createBatch", { id: "b", keyId: "k", tier: "free", files: [FILE] }, MAX_PICTURES);
    const { token, kind } = await take(store);
    expect(kind).toBe("fill");
    await ask(store, "release", token, 600_000);
    // The message that comes after the pause is none for segments.
    expect((await ask(store, "add", pictures(1_000), MAX_PICTURES)).mayCompact).toBe(false);
    expect((await ask(store, "add", pictures(24, 1_000), MAX_PICTURES)).mayCompact).toBe(true);
    expect((await ask(store, "add", pictures(1, 1_024), MAX_PICTURES)).mayCompact).toBe(false);
    const writing = await take(store);
    expect(writing.kind).toBe("compact");
    await ask(store, "release", writing.token, 2_000);
    expect((await take(store)).milliseconds).toBeLessThanOrEqual(2_000);
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.compactAfter', 0)");
    await compact(store, new Map());
    expect((await take(store)).milliseconds).toBeGreaterThan(590_000);
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.notBefore', 0)");
    expect((await take(store)).filling).toMatchObject({ fileIds: ["waiting"], tries: 1 });
  });

  it("is waited for by file batches, too, when it is too far behind", async () => {
    const store = await made();
    await ask(store, "createBatch", { id: "b", keyId: "k", tier: "free", files: [FILE] }, MAX_PICTURES);
    for (let part = 0; part < 2; part++) await ask(store, "add", pictures(1_000, part * 1_000), MAX_PICTURES);
    await ask(store, "add", pictures(48, 2_000), MAX_PICTURES);
    const { token } = await take(store);
    await ask(store, "release", token, 20_000);
    expect(await take(store, "late", 2)).toMatchObject({ kind: "wait" });
    await ask(store, "removePicture", "f0");
    expect((await take(store)).kind).toBe("fill");
  });

  it("writes a damaged segment anew before anything else", async () => {
    const store = await made();
    const segments = new Map<string, number[]>();
    await ask(store, "add", pictures(1_000), MAX_PICTURES);
    await ask(store, "add", pictures(24, 1_000), MAX_PICTURES);
    await compact(store, segments);
    expect((await take(store)).kind).toBe("none");
    const [{ key }] = (await ask(store, "view", null)).segments;
    await ask(store, "damaged", "unknown");
    expect((await ask(store, "care")).state).toBe("fine");
    await ask(store, "damaged", key);
    expect((await ask(store, "add", pictures(1_000, 1_024), MAX_PICTURES)).mayCompact).toBe(true);
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.expectedAt', 0)");
    expect((await ask(store, "care")).state).toBe("due");
    await ask(store, "add", pictures(24, 2_024), MAX_PICTURES);
    expect(await compact(store, segments)).toEqual(range(1, 1_024));
    expect(await compact(store, segments)).toEqual(range(1_025, 2_048));
    expect((await take(store)).kind).toBe("none");
    expect((await ask(store, "view", null)).segments.map(({ key: known }: any) => known)).not.toContain(key);
    expect(await found(store, segments)).toEqual(range(1, 2_048));
  });

  it("makes no segment of more rows than one of the store's width can have", async () => {
    const width = 4_096;
    const store = await made({ width });
    const wide = (count: number, first: number): object[] =>
      Array.from({ length: count }, (_, index) => ({
        ...picture(`w${first + index}`),
        row: { ints: { int8: Array.from({ length: width }, () => 1) }, scale: 1 },
      }));
    for (let first = 0; first < 1_024; first += 256) await ask(store, "add", wide(256, first), MAX_PICTURES);
    expect(maxSegmentRows(width)).toBeLessThan(1_024);
    expect(await compact(store, new Map())).toHaveLength(maxSegmentRows(width));
  });

  it("is waited for, before a store is cleared, by whoever may still be writing", async () => {
    const store = await made();
    await ask(store, "add", pictures(1_000), MAX_PICTURES);
    await ask(store, "add", pictures(24, 1_000), MAX_PICTURES);
    await take(store, "slow", 1);
    await take(store, "slow", 2);
    const { token } = await take(store, "slow", 3);
    await ask(store, "release", token, 0);
    await ask(store, "remove");
    expect(await take(store)).toMatchObject({ kind: "wait" });
    await ask(store, "query", "UPDATE store SET record = json_set(record, '$.writersUntil', 0)");
    expect(await take(store)).toEqual({ kind: "clear", isRemoved: true });
  });
});
