/** A filter that no row passes is cut into pieces of work too. */
import { expect, test } from "vitest";
import { ComputeQueue } from "../../functions/runtime/sharing/compute-queue.ts";
import { BestRows } from "../../functions/search/best-rows.ts";
import { packQueries } from "../../functions/search/pack-queries.ts";
import { StoreScan } from "../../functions/search/scan-store.ts";
import type { SegmentCache } from "../../functions/search/segment-cache.ts";
import { ColumnWriter } from "../../functions/vector-stores/attribute-columns.ts";
import type { Comparison } from "../../functions/vector-stores/filter.ts";
import { groupOf } from "../../functions/vector-stores/segment-layout.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

const ROWS = 8_000;
const WIDTH = 16;

class CountingQueue extends ComputeQueue {
  pieces = 0;

  override async run<T>(piece: () => T, signal: AbortSignal): Promise<T> {
    this.pieces++;
    return await super.run(piece, signal);
  }
}

test("a filter of many comparisons is work in pieces, though nothing passes it and no vector is read", async () => {
  provideScheduler();
  const writer = new ColumnWriter();
  for (let row = 0; row < ROWS; row++) writer.add(row, { name: `picture ${row}` });
  const bytes = [...writer.groups()][groupOf("name")]!;
  const memory = { setQueries: () => {} };
  const cache = { memory, group: () => bytes.slice() } as unknown as SegmentCache;
  const value = Array.from({ length: 100 }, (_, i) => `absent ${i}`);
  const filters = Array.from({ length: 32 }, (): Comparison => ({ type: "in", key: "name", value }));
  const segments = Array.from({ length: 12 }, (_, i) => ({ key: `${i}`, rows: ROWS, bytes: 0, sha256: "" }));
  const store = { version: 1, model: "demo@1", width: WIDTH, segments, open: [] };
  const queue = new CountingQueue();
  const queries = packQueries([new Float32Array(WIDTH).fill(0.25)], WIDTH);
  const scan = new StoreScan(cache, queue, store, queries, { type: "or", filters }, new BestRows(10, null));
  await scan.run(undefined as never, new AbortController().signal);
  expect(scan.scanned).toBe(0);
  expect(queue.pieces).toBeGreaterThan(segments.length / 2);
});
