/** How much of the token table requests hold that need a row of each of its chunks. */
import { createHash } from "node:crypto";
import { scheduler } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import type { ObjectReader } from "../../functions/runtime/model-store/read-verified.ts";
import { SourceReport } from "../../functions/runtime/model-store/source-report.ts";
import { TokenTable } from "../../functions/text/token-table.ts";

// The sizes of base_w's table.
const WIDTH = 640;
const ROW_BYTES = 4 + WIDTH;
const ROWS = 49_408;
const ROWS_PER_CHUNK = 256;
const CHUNKS = ROWS / ROWS_PER_CHUNK;
const CHUNK_BYTES = ROWS_PER_CHUNK * ROW_BYTES;

/** Each row has the scale 1, and its first values tell its number. */
function tableBytes(): Uint8Array {
  const bytes = new Uint8Array(ROWS * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < ROWS; row++) {
    view.setFloat32(row * ROW_BYTES, 1, true);
    bytes[row * ROW_BYTES + 4] = row % 100;
    bytes[row * ROW_BYTES + 5] = Math.floor(row / 100) % 100;
    bytes[row * ROW_BYTES + 6] = Math.floor(row / 10_000);
  }
  return bytes;
}

describe("the token table", () => {
  const bytes = tableBytes();
  const hashes = Array.from({ length: CHUNKS }, (_, i) =>
    createHash("sha256")
      .update(bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES))
      .digest("hex"),
  );
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let most = 0;
  let gets = 0;
  /** Freed buffers are given back by another thread, a little later. */
  const settle = async (): Promise<void> => {
    collect();
    await scheduler.wait(20);
    collect();
    await scheduler.wait(20);
  };
  const measure = async (): Promise<void> => {
    await settle();
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  };
  const bucket: ObjectReader = {
    get: async (_, options) => {
      if (gets++ % 24 === 0) await measure();
      const { offset = 0, length = 0 } = options?.range ?? {};
      const piece = bytes.subarray(offset, offset + length);
      const body = new ReadableStream({
        type: "bytes",
        start(controller: ReadableByteStreamController) {
          controller.enqueue(Uint8Array.from(piece));
          controller.close();
        },
      });
      return { size: bytes.length, body };
    },
  };
  const newTable = (report?: SourceReport): TokenTable =>
    new TokenTable(
      { bucket, prefix: "a", ...(report && { report }) },
      {
        file: "token-embedding.data",
        bytes: bytes.length,
        sha256: "",
        rows: ROWS,
        width: WIDTH,
        row_bytes: ROW_BYTES,
        rows_per_chunk: ROWS_PER_CHUNK,
        chunk_sha256: hashes,
      },
      8_000_000,
    );
  beforeAll(() => {
    Object.assign(globalThis, { scheduler });
  });

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
    await settle();
    const before = process.memoryUsage().arrayBuffers;
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
      for (const [i, id] of ids.entries()) {
        const [ones = 0, hundreds = 0, rest = 0] = values.subarray(i * WIDTH);
        expect(ones + 100 * hundreds + 10_000 * rest).toBe(id);
      }
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
