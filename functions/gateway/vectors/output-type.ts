/**
 * Embeddings in fewer bytes than float32. Each function reads one vector and nothing else, so a vector is the same
 * whatever else is in the request. docs/vector-types.md says how much recall each type keeps.
 */
import type { NewestManifest } from "../../../model-shards/manifest.ts";

export const OUTPUT_TYPES = ["float", "int8", "uint8", "binary", "ubinary"] as const;
export type OutputType = (typeof OUTPUT_TYPES)[number];

/** Integers that fit in a byte, signed or not. */
type ByteVector = Int8Array | Uint8Array;

/**
 * For models that were built before the scale was measured: 4 standard deviations, `1 ÷ √width` being that of a unit
 * vector's values if they are spread evenly. It is what a build measures of the demonstration model.
 */
const DEFAULT_DEVIATIONS = 4;

/** The value that becomes 127 in int8. Larger values become 127 as well. */
export function int8Scale(manifest: Pick<NewestManifest, "embedding_width" | "int8_scale">): number {
  return manifest.int8_scale ?? DEFAULT_DEVIATIONS / Math.sqrt(manifest.embedding_width);
}

/**
 * @param vector float32, unit length
 * @param scale see `int8Scale`
 * @returns as many values as the vector; for `binary` and `ubinary` an eighth, rounded up
 */
export function toBytes(vector: Float32Array, type: Exclude<OutputType, "float">, scale: number): ByteVector {
  if (type === "int8") return toInt8(vector, scale);
  if (type === "uint8") return Uint8Array.from(toInt8(vector, scale), (value) => value + 128);
  const bits = toBits(vector);
  return type === "ubinary" ? bits : Int8Array.from(bits, (value) => value - 128);
}

/** `round(127 × value ÷ scale)`, between -127 and 127: symmetric, so that -v has the negated values of v. */
function toInt8(vector: Float32Array, scale: number): Int8Array {
  return Int8Array.from(vector, (value) => Math.max(-127, Math.min(127, Math.round((127 * value) / scale))));
}

/** A bit for each value, 1 if it is above zero; the first value is the most significant bit of the first byte. */
function toBits(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(vector.length / 8));
  for (const [index, value] of vector.entries()) {
    if (value > 0) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
  }
  return bytes;
}
