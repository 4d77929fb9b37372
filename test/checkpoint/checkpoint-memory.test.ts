/** When a table of 100 MB is read in parts, only the current rows are in memory. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";

const ROWS = 40_960;
const WIDTH = 640;
const CHUNK = 1024;
const CHUNK_BYTES = 4 * CHUNK * WIDTH;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it("reads 105 MB of rows within a few chunks of memory", async () => {
  const path = join(folder, "table.safetensors");
  const bytes = 4 * ROWS * WIDTH;
  const header = JSON.stringify({
    table: { dtype: "F32", shape: [ROWS, WIDTH], data_offsets: [0, bytes] },
  });
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  const file = await open(path, "w");
  await file.writeFile(new Uint8Array(length.buffer));
  await file.writeFile(header);
  // The data is a hole in the file: zeros that take no space on the disk.
  await file.truncate(8 + header.length + bytes);
  await file.close();

  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const checkpoint = await openCheckpoint(path);
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  let elements = 0;
  for (let start = 0; start < ROWS; start += CHUNK) {
    elements += (await checkpoint.readRows("table", start, start + CHUNK)).length;
    collectGarbage();
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }
  await checkpoint.close();
  expect(elements).toBe(ROWS * WIDTH);
  // The chunk just read, the one before it if it is not collected yet, and one for the test runner's own memory.
  expect(peak).toBeLessThan(3 * CHUNK_BYTES);
});
