/**
 * Queries as the kernel takes them: int16 with one scale each.
 *
 * No sum of products overflows int32. A row's integers are at most 127, so a sum, and every part of it that a lane
 * holds, is at most 127 × Σ|query|. A query is multiplied by a factor f and rounded, which adds at most ½ a value:
 * Σ|query| ≤ f × Σ|value| + width ÷ 2. So f is the largest that keeps this at most `MAX_SUM` = ⌊(2³¹ − 1) ÷ 127⌋, and
 * each value in int16. For a vector of 640 equal values, f leaves 14.7 bits a value; for others more.
 */
import { MAX_INT } from "../vector-stores/quantize-row.ts";
import { rowBytes } from "../vector-stores/segment-layout.ts";

const MAX_SUM = Math.floor((2 ** 31 - 1) / MAX_INT);
const MAX_INT16 = 32_767;
/** Values of a group's queries alternate in pieces of this many. */
const STEP = 8;

export interface PackedQueries {
  /** 1 or even: the last of an odd number is there twice. */
  count: number;
  /** One query, or groups of four and at last perhaps of two; see `kernels/scan.ts`. */
  ints: Int16Array;
  /** `value ≈ scale × int`, one a query. */
  scales: Float32Array;
}

/** @param queries float32, of one length; at least one */
export function packQueries(queries: readonly Float32Array[], width: number): PackedQueries {
  const row = rowBytes(width);
  const count = queries.length === 1 ? 1 : 2 * Math.ceil(queries.length / 2);
  const ints = new Int16Array(count * row);
  const scales = new Float32Array(count);
  for (let first = 0; first < count;) {
    const group = Math.min(4, count - first);
    for (let member = 0; member < group; member++) {
      const query = queries[first + member] ?? queries.at(-1) ?? new Float32Array(width);
      const factor = factorOf(query);
      scales[first + member] = factor === 0 ? 0 : 1 / factor;
      for (const [i, value] of query.entries()) {
        const step = Math.floor(i / STEP);
        ints[first * row + (step * group + member) * STEP + (i % STEP)] = Math.round(value * factor);
      }
    }
    first += group;
  }
  return { count, ints, scales };
}

function factorOf(query: Float32Array): number {
  let largest = 0;
  let sum = 0;
  for (const value of query) {
    largest = Math.max(largest, Math.abs(value));
    sum += Math.abs(value);
  }
  return largest === 0 ? 0 : Math.min(MAX_INT16 / largest, (MAX_SUM - query.length / 2) / sum);
}
