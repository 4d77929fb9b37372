/** A token table of base_w's size whose rows tell their numbers, and what its readers hold of memory. */
import { createHash } from "node:crypto";
import { scheduler } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export const WIDTH = 640;
const ROW_BYTES = 4 + WIDTH;
export const ROWS = 49_408;
export const ROWS_PER_CHUNK = 256;
export const CHUNKS = ROWS / ROWS_PER_CHUNK;
const CHUNK_BYTES = ROWS_PER_CHUNK * ROW_BYTES;

/** Each row has the scale 1, and its first values tell its number, see `numberOf`. */
export const tableBytes = new Uint8Array(ROWS * ROW_BYTES);
const view = new DataView(tableBytes.buffer);
for (let row = 0; row < ROWS; row++) {
  view.setFloat32(row * ROW_BYTES, 1, true);
  tableBytes[row * ROW_BYTES + 4] = row % 100;
  tableBytes[row * ROW_BYTES + 5] = Math.floor(row / 100) % 100;
  tableBytes[row * ROW_BYTES + 6] = Math.floor(row / 10_000);
}

/** The manifest's entry. */
export const numberedTable = {
  file: "token-embedding.data",
  bytes: tableBytes.length,
  sha256: "",
  rows: ROWS,
  width: WIDTH,
  row_bytes: ROW_BYTES,
  rows_per_chunk: ROWS_PER_CHUNK,
  chunk_sha256: Array.from({ length: CHUNKS }, (_, i) =>
    createHash("sha256")
      .update(tableBytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES))
      .digest("hex"),
  ),
};

/** The number of the row at this position of float32 rows. */
export function numberOf(rows: Float32Array, position: number): number {
  const [ones = 0, hundreds = 0, rest = 0] = rows.subarray(position * WIDTH);
  return ones + 100 * hundreds + 10_000 * rest;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of ArrayBuffers after a collection. Freed buffers are given back by another thread, a little later. */
export async function bytesHeld(): Promise<number> {
  for (let time = 0; time < 2; time++) {
    collect();
    await scheduler.wait(20);
  }
  return process.memoryUsage().arrayBuffers;
}
