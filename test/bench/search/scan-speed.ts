/** The pace of the search's kernel beside a plain read of the same memory, in Node, whose V8 compiles the same WASM. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packQueries } from "../../../functions/search/pack-queries.ts";
import { random as randomFrom, unitVector } from "../../support/random.ts";
import { interleave } from "../harness/interleave.ts";

const SIMD = join(import.meta.dirname, "../../../.generated/simd");
const WASM_PAGE = 65_536;
/** Rows of a call, as of a page of the search Worker. */
const ROWS_PER_CALL = 400;
const QUERY_COUNTS = [1, 4, 32];
const MAX_QUERIES = 32;

type Kernel = (...parameters: number[]) => number;

/**
 * @param rows of 640 values @param width a multiple of 64
 * @returns milliseconds of each round, and the bytes that each reads
 */
export async function scanSpeed(
  rows: number,
  width: number,
  rounds: number,
): Promise<{ bytes: number; times: Map<string, number[]> }> {
  const queriesAt = 0;
  const scalesAt = queriesAt + 2 * MAX_QUERIES * width;
  const liveAt = scalesAt + 4 * MAX_QUERIES;
  const pickedAt = liveAt + Math.ceil(ROWS_PER_CALL / 8);
  const rowScalesAt = 16 * Math.ceil((pickedAt + 8 * ROWS_PER_CALL) / 16);
  const rowsAt = 64 * Math.ceil((rowScalesAt + 4 * ROWS_PER_CALL) / 64);
  const bytes = rows * width;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((rowsAt + bytes) / WASM_PAGE) });
  const kernelOf = async (name: string): Promise<Kernel> => {
    const module = await WebAssembly.compile(await readFile(join(SIMD, `${name}.wasm`)));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return exports[name] as Kernel;
  };
  const [scan, read] = [await kernelOf("scan"), await kernelOf("read")];

  const random = randomFrom(7);
  const ints = new Int8Array(memory.buffer, rowsAt, bytes);
  for (let i = 0; i < bytes; i++) ints[i] = 254 * random() - 127;
  // So small that no row is picked, as nearly none is in a large store.
  new Float32Array(memory.buffer, rowScalesAt, ROWS_PER_CALL).fill(1e-6);
  new Uint8Array(memory.buffer, liveAt, Math.ceil(ROWS_PER_CALL / 8)).fill(0xff);
  const scanWith = (count: number): (() => void) => {
    const queries = packQueries(
      Array.from({ length: count }, () => unitVector(width, random)),
      width,
    );
    return () => {
      new Int16Array(memory.buffer, queriesAt, queries.ints.length).set(queries.ints);
      new Float32Array(memory.buffer, scalesAt, queries.count).set(queries.scales);
      for (let row = 0; row < rows; row += ROWS_PER_CALL) {
        const some = Math.min(ROWS_PER_CALL, rows - row);
        const at = rowsAt + row * width;
        scan(at, width, some, rowScalesAt, queriesAt, scalesAt, queries.count, liveAt, 0.99, pickedAt);
      }
    };
  };
  const contenders = [
    { name: "plain read", run: () => read(rowsAt, bytes) },
    ...QUERY_COUNTS.map((count) => ({ name: `scan, ${count} × int16`, run: scanWith(count) })),
  ];
  return { bytes, times: await interleave(contenders, { rounds, warmUp: 3 }) };
}
