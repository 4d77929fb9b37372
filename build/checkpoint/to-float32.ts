/**
 * Converts little-endian bytes of any checkpoint dtype to float32. Values of both 16-bit formats are exact in float32.
 */
import { type Dtype, DTYPE_BYTES } from "./checkpoint.ts";

/** The float32 value of every half-precision bit pattern, computed when first needed. */
let halfTable: Float32Array | undefined;

/** @param bytes must begin at offset 0 of their buffer */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: Dtype): Float32Array {
  const count = bytes.byteLength / DTYPE_BYTES[dtype];
  if (dtype === "F32") return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  const result = new Float32Array(count);
  if (dtype === "BF16") {
    // bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(result.buffer);
    for (let i = 0; i < count; i++) bits[i] = (halves[i] ?? 0) << 16;
    return result;
  }
  const table = (halfTable ??= makeHalfTable());
  for (let i = 0; i < count; i++) result[i] = table[halves[i] ?? 0] ?? 0;
  return result;
}

/** IEEE 754 binary16: sign, 5 exponent bits (bias 15), 10 fraction bits. */
function makeHalfTable(): Float32Array {
  return Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
