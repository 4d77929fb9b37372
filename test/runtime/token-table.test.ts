/** How much of the token table requests hold that need a row of each of its chunks. */
import { scheduler } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ObjectReader } from "../../functions/runtime/model-store/read-verified.ts";
import { SourceReport } from "../../functions/runtime/model-store/source-report.ts";
import { TokenTable } from "../../functions/text/token-table.ts";
import {
  bytesHeld,
  CHUNKS,
  numberedTable,
  numberOf,
  ROWS_PER_CHUNK,
  tableBytes,
} from "./support/numbered-table.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

describe("the token table", () => {
  let most = 0;
  let gets = 0;
  const measure = async (): Promise<void> => {
    most = Math.max(most, await bytesHeld());
  };
  const bucket: ObjectReader = {
    get: async (_, options) => {
      if (gets++ % 24 === 0) await measure();
      const { offset = 0, length = 0 } = options?.range ?? {};
      const piece = tableBytes.subarray(offset, offset + length);
      const body = new ReadableStream({
        type: "bytes",
        start(controller: ReadableByteStreamController) {
          controller.enqueue(Uint8Array.from(piece));
          controller.close();
        },
      });
      return { size: tableBytes.length, body };
    },
  };
  const newTable = (report?: SourceReport): TokenTable =>
    new TokenTable({ bucket, prefix: "a", ...(report && { report }) }, numberedTable, 8_000_000);
  provideScheduler();

  it("leaves the times of the tower's shards as they are", async () => {
    const report = new SourceReport();
    await scheduler.wait(20);
    await newTable(report).read(Int32Array.of(0));
    expect(report.bytes.r2).toBeGreaterThan(0);
    expect(report.loaded.shardsMs).toBe(0);
  });

  it.each([
    ["one request", 1],
    ["six requests at once", 6],
  ])("holds a few chunks and the needed rows for %s", async (_, requests) => {
    const before = await bytesHeld();
    most = 0;
    const table = newTable();
    const all = await Promise.all(
      Array.from({ length: requests }, async (_unused, request) => {
        const ids = Int32Array.from({ length: CHUNKS }, (_one, i) => i * ROWS_PER_CHUNK + 7 * request);
        return { ids, rows: await table.read(ids) };
      }),
    );
    await measure();
    for (const { ids, rows } of all) {
      const values = rows.of(ids);
      for (const [i, id] of ids.entries()) expect(numberOf(values, i)).toBe(id);
    }
    // Whole tables would be 190 MB for six requests. Freed buffers may be counted for a while.
    expect((most - before) / 1e6).toBeLessThan(90);
  });

  it("reads no more for a request that has ended", async () => {
    const table = newTable();
    const ids = Int32Array.from({ length: CHUNKS }, (_, i) => i * ROWS_PER_CHUNK);
    const stop = new AbortController();
    const reading = table.read(ids, { signal: stop.signal });
    await scheduler.wait(0);
    stop.abort(new Error("it has ended"));
    await expect(reading).rejects.toThrow("it has ended");
    const [before] = [gets];
    await scheduler.wait(100);
    expect(gets).toBe(before);
  });
});
