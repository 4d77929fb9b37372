/**
 * A checkpoint as a list of tensors that are read one at a time, because a full-size one (718 MB) is never in memory as
 * a whole.
 */

export type Dtype = "F32" | "F16" | "BF16";

export const DTYPE_BYTES: Record<Dtype, number> = { F32: 4, F16: 2, BF16: 2 };

export interface TensorInfo {
  name: string;
  dtype: Dtype;
  /** Empty for a scalar. */
  shape: number[];
}

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads a whole tensor as float32, row-major, into a new array.
   * @throws CheckpointError for an unknown name or bytes that cannot be read
   */
  read(name: string): Promise<Float32Array>;
  /**
   * Rows `start` to `end` (exclusive) of the first dimension, float32, row-major.
   * @throws CheckpointError like `read`, and for rows that the tensor does not have
   */
  readRows(name: string, start: number, end: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
