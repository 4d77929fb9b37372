/** Inputs and outputs of engines: a typed array, whose type is the element type, and a shape. */
export type TensorData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

export interface Tensor {
  /** Row-major. */
  data: TensorData;
  shape: number[];
}
