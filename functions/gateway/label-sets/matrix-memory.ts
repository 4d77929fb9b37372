/** Label matrices in the isolate's memory: what makes a classification with cached labels cost one matrix product. */
import { MemoryCache } from "../../runtime/memory-cache.ts";
import type { LabelMatrix } from "../../label-sets/label-matrix.ts";

export interface MatrixEntry {
  matrix: LabelMatrix;
  /** When its set was last seen to exist. Milliseconds. */
  checkedAt: number;
}

/** Room for the largest set, 10,000 labels of 640 values, and a few small ones. */
const MAX_BYTES = 30_000_000;
/** A label's name and threshold, roughly. */
const LABEL_BYTES = 64;

export const matrixMemory = new MemoryCache<MatrixEntry>(
  MAX_BYTES,
  ({ matrix }) => matrix.packed.byteLength + LABEL_BYTES * matrix.labels.length,
);
