/** Converts between typed arrays and ONNX's element types, and copies tensors out of onnxruntime's heap. */
import type { TensorData } from "../tensor.ts";
import { OrtError } from "./ort-error.ts";

export type { Tensor } from "../tensor.ts";

/** `TensorProto.DataType` → the typed array that holds it. */
const ARRAYS = new Map<
  number,
  { new (buffer: ArrayBuffer): TensorData; readonly BYTES_PER_ELEMENT: number; readonly name: string }
>([
  [1, Float32Array],
  [2, Uint8Array],
  [3, Int8Array],
  [6, Int32Array],
  [7, BigInt64Array],
]);

/** ONNX's number for the element type of `data`. */
export function elementType(data: TensorData): number {
  for (const [type, array] of ARRAYS) if (data.constructor === array) return type;
  throw new OrtError(`${data.constructor.name} is not an element type of tensors`);
}

/**
 * Copies `count` elements of ONNX type `type` out of a WASM heap.
 * @param pointer byte offset into `heap`
 */
export function copyOut(heap: Uint8Array, type: number, pointer: number, count: number): TensorData {
  const array = ARRAYS.get(type);
  if (array === undefined) throw new OrtError(`onnxruntime gave a tensor of unknown element type ${type}`);
  const bytes = new Uint8Array(count * array.BYTES_PER_ELEMENT);
  bytes.set(heap.subarray(pointer, pointer + bytes.byteLength));
  return new array(bytes.buffer);
}
