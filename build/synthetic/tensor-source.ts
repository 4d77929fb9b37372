/** The input of checkpoint writers: names and shapes in order. Values are computed when they are written. */
import type { Dtype } from "../checkpoint/checkpoint.ts";

export interface TensorSource {
  name: string;
  shape: number[];
  values(): Float32Array<ArrayBuffer>;
}

/** Converts float32 to little-endian bytes of a dtype, rounded to nearest even. */
export function encodeTensor(values: Float32Array<ArrayBuffer>, dtype: Dtype): Uint8Array<ArrayBuffer> {
  if (dtype === "F32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === "F16") return new Uint8Array(Float16Array.from(values).buffer);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
  return new Uint8Array(halves.buffer);
}
