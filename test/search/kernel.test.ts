/** The kernel against plain sums, and the bounds that keep it from overflowing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { BestRows } from "../../functions/search/best-rows.ts";
import { type OpenPage, mergedPages } from "../../functions/search/open-rows.ts";
import { packQueries } from "../../functions/search/pack-queries.ts";
import { ScanMemory } from "../../functions/search/scan-memory.ts";
import { quantizeRow } from "../../functions/vector-stores/quantize-row.ts";
import type { OpenRow } from "../../functions/vector-stores/store-state-rpc.ts";
import { random as randomFrom, unitVector } from "../support/random.ts";

let kernel: WebAssembly.Module;

beforeAll(async () => {
  kernel = await WebAssembly.compile(
    await readFile(join(import.meta.dirname, "../../.generated/simd/scan.wasm")),
  );
});

function openPage(vectors: readonly Float32Array[]): OpenPage {
  const width = vectors[0]?.length ?? 0;
  const rows = vectors.map((vector, i): OpenRow => ({
    number: i + 1,
    row: quantizeRow(vector),
    attributes: {},
  }));
  const [made] = mergedPages(
    [],
    rows,
    Uint32Array.from(rows, ({ number }) => number),
    width,
  );
  if (made === undefined) throw new Error("no page");
  return made.page;
}

/** Scores of all rows, by number. */
function scores(vectors: readonly Float32Array[], queries: readonly Float32Array[]): Map<number, number> {
  const width = vectors[0]?.length ?? 0;
  const page = openPage(vectors);
  const memory = new ScanMemory(kernel);
  const best = new BestRows(page.rows, null);
  memory.setQueries(packQueries(queries, width));
  memory.scanOpen(page.bytes, page.rows, width, new Uint8Array(Math.ceil(page.rows / 8)).fill(0xff), best);
  return new Map(best.rows.map(({ number, score }) => [number, score]));
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

describe("scores", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 31, 32])(
    "of %i queries are the highest of each row's cosines",
    (count) => {
      const random = randomFrom(count);
      for (const width of [1, 15, 16, 17, 512, 640, 1_000]) {
        const vectors = Array.from({ length: 21 }, () => unitVector(width, random));
        const queries = Array.from({ length: count }, () => unitVector(width, random));
        const found = scores(vectors, queries);
        for (const [i, vector] of vectors.entries()) {
          const { ints, scale } = quantizeRow(vector);
          const read = Float32Array.from(ints, (int) => int * scale);
          // The rest is the rounding of queries to int16 and of float32.
          expect(found.get(i + 1)).toBeCloseTo(Math.max(...queries.map((query) => cosine(read, query))), 4);
        }
      }
    },
  );

  test("are the same whichever queries stand beside", () => {
    const random = randomFrom(5);
    const vectors = Array.from({ length: 40 }, () => unitVector(640, random));
    const query = unitVector(640, random);
    const away = query.map((value) => -value);
    const alone = scores(vectors, [query]);
    for (const count of [1, 2, 3, 4, 6]) {
      const beside = scores(vectors, [...Array.from({ length: count }, () => away), query]);
      const positive = [...alone].filter(([, score]) => score > 0);
      expect(positive.map(([number]) => [number, beside.get(number)])).toEqual(positive);
    }
  });

  test("do not overflow, whatever the vectors: all values equal, or one that has everything", () => {
    for (const width of [1, 16, 640, 1_152, 4_096]) {
      const flat = new Float32Array(width).fill(1 / Math.sqrt(width));
      const single = new Float32Array(width);
      single[width - 1] = -1;
      for (const vector of [flat, single, flat.map((value) => -value)]) {
        const found = scores([vector, vector.map((value) => -value)], [vector]);
        expect(found.get(1)).toBeCloseTo(1, 3);
        expect(found.get(2)).toBeCloseTo(-1, 3);
      }
    }
  });
});

test("no partial sum of a packed query can overflow", () => {
  const random = randomFrom(3);
  for (let i = 0; i < 300; i++) {
    const width = 1 + Math.floor(random() * 4_096);
    const vector =
      i % 2 === 0 ? unitVector(width, random) : new Float32Array(width).fill(1 / Math.sqrt(width));
    const { ints } = packQueries([vector], width);
    const sum = ints.reduce((total, int) => total + Math.abs(int), 0);
    expect(127 * sum).toBeLessThan(2 ** 31);
    expect(Math.max(...ints.map(Math.abs))).toBeLessThanOrEqual(32_767);
  }
});

test("rows that are not live are left out, and the threshold is kept", () => {
  const random = randomFrom(9);
  const vectors = Array.from({ length: 100 }, () => unitVector(64, random));
  const query = unitVector(64, random);
  const all = scores(vectors, [query]);
  const page = openPage(vectors);
  const live = Uint8Array.from({ length: 13 }, () => Math.floor(random() * 256));
  const memory = new ScanMemory(kernel);
  memory.setQueries(packQueries([query], 64));
  const best = new BestRows(10, 0.05);
  memory.scanOpen(page.bytes, 100, 64, live, best);
  const wanted = [...all]
    .filter(([number, score]) => ((live[(number - 1) >> 3] ?? 0) >> ((number - 1) & 7)) & 1 && score >= 0.05)
    .map(([number, score]) => ({ number, score }))
    .slice(0, 10);
  expect(wanted.length).toBeGreaterThan(3);
  expect(best.rows).toEqual(wanted);
});

test("of equal scores, the older row is better, in whatever order they come", () => {
  const best = new BestRows(3, null);
  for (const number of [5, 9, 2, 7]) best.offer(number, 0.5);
  best.offer(1, 0.25);
  best.offer(8, 0.75);
  expect(best.rows.map(({ number }) => number)).toEqual([8, 2, 5]);
});

test("what is no number is never picked", () => {
  const page = openPage([new Float32Array(16).fill(0.25), new Float32Array(16).fill(0.25)]);
  new DataView(page.bytes.buffer).setFloat32(16 * 16, NaN, true);
  const memory = new ScanMemory(kernel);
  memory.setQueries(packQueries([new Float32Array(16).fill(0.25)], 16));
  const best = new BestRows(3, null);
  memory.scanOpen(page.bytes, 2, 16, Uint8Array.of(3), best);
  expect(best.rows.map(({ number }) => number)).toEqual([2]);
});
