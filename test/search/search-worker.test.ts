/** The search Worker over real stores, against a plain search in this process. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passesFilter } from "../../functions/vector-stores/evaluate-filter.ts";
import type { Filter } from "../../functions/vector-stores/filter.ts";
import { quantizeRow } from "../../functions/vector-stores/quantize-row.ts";
import type { SearchResult } from "../../functions/vector-stores/search-rpc.ts";
import type { RpcResult } from "../../functions/runtime/rpc.ts";
import { random as randomFrom, unitVector } from "../support/random.ts";
import { randomFilter, randomRows } from "../vector-stores/support/random-store.ts";
import { type Picture, SearchService, type StoreName } from "./support/search-service.ts";

const MODEL = "demo@1";
const WIDTH = 24;
const random = randomFrom(11);
let service: SearchService;

beforeAll(async () => {
  service = await SearchService.start();
});

afterAll(async () => {
  await service.miniflare.dispose();
});

function pictures(count: number, from = 0): Picture[] {
  return randomRows(count, WIDTH, random).map(({ attributes }, i) => ({
    fileId: `file-${from + i}`,
    vector: [...unitVector(WIDTH, random)],
    attributes,
  }));
}

let stores = 0;

/** A store with these pictures, in segments as far as they are due. */
async function storeOf(all: readonly Picture[]): Promise<StoreName> {
  const store = { account: "a", id: `vs_${(++stores).toString(16).padStart(24, "0")}` };
  await service.ask("create", { ...store, model: MODEL, width: WIDTH });
  for (let from = 0; from < all.length; from += 1_000) {
    await service.ask("add", { ...store, pictures: all.slice(from, from + 1_000) });
    await service.ask("compact", store);
  }
  return store;
}

interface Question {
  queries: number[][];
  filter: Filter | null;
  limit: number;
  minScore: number | null;
}

const ANY: Question = { queries: [[...unitVector(WIDTH, random)]], filter: null, limit: 10, minScore: null };

async function ask(store: StoreName, question: Question): Promise<RpcResult<SearchResult>> {
  return await service.search({ ...store, model: MODEL, ...question });
}

async function answer(store: StoreName, question: Question): Promise<SearchResult> {
  const result = await ask(store, question);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Every picture that passes, the best first. */
function plainly(
  all: readonly Picture[],
  { queries, filter, minScore }: Question,
): { fileId: string; score: number }[] {
  return all
    .filter(({ attributes }) => filter === null || passesFilter(filter, attributes))
    .map(({ fileId, vector }) => {
      const { ints, scale } = quantizeRow(Float32Array.from(vector));
      const cosines = queries.map((query) =>
        query.reduce((sum, value, i) => sum + value * (ints[i] ?? 0) * scale, 0),
      );
      return { fileId, score: Math.max(...cosines) };
    })
    .filter(({ score }) => minScore === null || score >= minScore)
    .toSorted((a, b) => b.score - a.score);
}

describe("a search", { timeout: 120_000 }, () => {
  it("finds what a plain one finds, while pictures are added, changed and removed", async () => {
    let all = pictures(3_500);
    const store = await storeOf(all);
    const segments = await service.ask<{ rows: number }[]>("segments", store);
    expect(segments.length).toBeGreaterThan(0);
    for (let round = 0; round < 12; round++) {
      const gone = new Set(Array.from({ length: 20 }, () => `file-${Math.floor(random() * 3_500)}`));
      await Promise.all([...gone].map((fileId) => service.ask("remove", { ...store, fileId })));
      all = all.filter(({ fileId }) => !gone.has(fileId));
      const more = pictures(15, 10_000 + 100 * round);
      await service.ask("add", { ...store, pictures: more });
      all = [...all, ...more];
      const changed = all[Math.floor(random() * all.length)]!;
      changed.attributes = more[0]!.attributes;
      await service.ask("attributes", { ...store, fileId: changed.fileId, attributes: changed.attributes });
      if (round === 6) await service.ask("compact", store);
      const count = 1 + Math.floor(random() * 5);
      const question = {
        queries: Array.from({ length: count }, () => [...unitVector(WIDTH, random)]),
        filter: round % 3 === 0 ? null : randomFilter(random),
        limit: 1 + Math.floor(random() * 50),
        minScore: round % 2 === 0 ? null : 0.3,
      };
      const wanted = plainly(all, question);
      const found = await answer(store, question);
      expect(found.matches.length).toBe(Math.min(question.limit, wanted.length));
      expect(found.hasMore).toBe(wanted.length > question.limit);
      expect(found.scanned).toBe(plainly(all, { ...question, minScore: null }).length);
      const scores = new Map(wanted.map(({ fileId, score }) => [fileId, score]));
      for (const [i, { picture, score }] of found.matches.entries()) {
        expect(score).toBeCloseTo(wanted[i]?.score ?? NaN, 3);
        expect(score).toBeCloseTo(scores.get(picture.fileId) ?? NaN, 3);
      }
    }
  });

  it("reads a segment once for all that come at the same time, and a warm one reads nothing", async () => {
    const store = await storeOf(pictures(3_000));
    const segments = await service.ask<{ bytes: number }[]>("segments", store);
    const answers = await Promise.all(Array.from({ length: 8 }, () => answer(store, ANY)));
    expect(answers.reduce((sum, { reads }) => sum + reads, 0)).toBe(segments.length);
    expect(new Set(answers.map(({ matches }) => JSON.stringify(matches))).size).toBe(1);
    expect(await answer(store, ANY)).toMatchObject({ reads: 0, bytesRead: 0, scanned: 3_000 });
  });

  it("reads of attributes only the columns of the filter, and no vectors if nothing passes", async () => {
    const store = await storeOf(pictures(3_000));
    const segments = await service.ask<{ bytes: number }[]>("segments", store);
    const filter: Filter = { type: "eq", key: "year", value: "no such year" };
    const found = await answer(store, { ...ANY, filter });
    expect(found).toMatchObject({ matches: [], hasMore: false, scanned: 0, reads: 2 * segments.length });
    expect(found.bytesRead).toBeLessThan(segments.reduce((sum, { bytes }) => sum + bytes, 0) / 4);
  });

  it.each([
    ["has another byte in its vectors", 5_000],
    ["has another byte in its header", 70],
    ["is missing", undefined],
  ])("gives no answer if a segment %s, until it is written anew", async (_, at) => {
    const store = await storeOf(pictures(3_000));
    const [segment] = await service.ask<{ key: string }[]>("segments", store);
    await service.ask("damage", { key: segment?.key, at });
    expect(await ask(store, ANY)).toMatchObject({ ok: false, error: { code: "overloaded" } });
    // The object was told, and lends the segment's rows to be written again.
    expect(await service.ask("compact", store)).toMatchObject({ made: 1 });
    expect((await answer(store, ANY)).scanned).toBe(3_000);
  });

  it("says why a store cannot be searched", async () => {
    const store = await storeOf(pictures(10));
    const codeOf = async (parameters: object): Promise<string> => {
      const result = await service.search({ ...store, model: MODEL, ...ANY, ...parameters });
      return result.ok ? "found" : result.error.code;
    };
    expect(await codeOf({})).toBe("found");
    expect(await codeOf({ id: "vs_ffffffffffffffffffffffff" })).toBe("vector_store_not_found");
    expect(await codeOf({ account: "b" })).toBe("vector_store_not_found");
    expect(await codeOf({ model: "demo@2" })).toBe("store_model_mismatch");
    expect(await codeOf({ queries: [[1, 0]] })).toBe("invalid_value");
    expect(await codeOf({ queries: [] })).toBe("too_many_items");
  });
});
