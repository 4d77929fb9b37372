/**
 * A label set as a classification needs it: names, thresholds and one matrix.
 *
 * In KV and R2 it is one value, little-endian: seal | uint32 bytes of the header | header, JSON padded with spaces to a
 * multiple of 4 bytes | float32 labels × width | float32 negatives × width.
 */
import { isSealed, SEAL_BYTES, seal } from "../embed/seal.ts";
import type { LabelSetDefinition } from "./definition.ts";

/**
 * Part of every key that a matrix, or a part of one, is kept under. Labels are named as they were sent, so it changes
 * not only with this layout, but also with what `cleanText` makes of a text and with how prompts find their vectors.
 */
export const MATRIX_FORMAT = "labels3";

export interface LabelMatrix {
  labels: readonly string[];
  /** Cosine below which a label is left out, by label. */
  minSimilarity: readonly (number | null)[];
  /** float32, labels × width, rows of unit length. */
  vectors: Float32Array;
  /** float32, negatives × width, rows of unit length. */
  negative: Float32Array;
  /** Of all prompts. */
  tokens: number;
  /** All of this as one value; vectors and negatives are views of it. */
  packed: ArrayBuffer;
}

interface Header extends Pick<LabelMatrix, "labels" | "minSimilarity"> {
  width: number;
  tokens: number;
}

/** What a matrix says besides its vectors. */
export interface MatrixNames extends Pick<LabelMatrix, "labels" | "minSimilarity"> {
  /** Number of negatives. */
  negatives: number;
}

export function namesOf(definition: LabelSetDefinition): MatrixNames {
  return {
    labels: definition.labels.map(({ label }) => label),
    minSimilarity: thresholds(definition),
    negatives: definition.negative.length,
  };
}

/** Seal and length of the header. */
const FRONT_BYTES = SEAL_BYTES + 4;

/**
 * A matrix whose vectors are still to be filled in.
 * @param tokens of all prompts
 * @returns besides the matrix, its rows in one piece: of the labels, then of the negatives
 */
export function blankMatrix(
  { labels, minSimilarity, negatives }: MatrixNames,
  width: number,
  tokens: number,
): { matrix: LabelMatrix; rows: Float32Array } {
  const header: Header = { labels, minSimilarity, width, tokens };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 4) * 4;
  const values = (labels.length + negatives) * width;
  const packed = new Uint8Array(FRONT_BYTES + headerBytes + 4 * values);
  new DataView(packed.buffer).setUint32(SEAL_BYTES, headerBytes, true);
  packed.fill(0x20, FRONT_BYTES, FRONT_BYTES + headerBytes);
  packed.set(json, FRONT_BYTES);
  const rows = new Float32Array(packed.buffer, FRONT_BYTES + headerBytes);
  return { matrix: matrixOf(header, rows, packed.buffer), rows };
}

function matrixOf(
  { labels, minSimilarity, width, tokens }: Header,
  rows: Float32Array,
  packed: ArrayBuffer,
): LabelMatrix {
  const labelValues = labels.length * width;
  const vectors = rows.subarray(0, labelValues);
  return { labels, minSimilarity, vectors, negative: rows.subarray(labelValues), tokens, packed };
}

/** Each label's own threshold, else the set's. */
export function thresholds({ labels, min_similarity }: LabelSetDefinition): (number | null)[] {
  return labels.map((each) => each.min_similarity ?? min_similarity);
}

/** @param name of what is in it: a set's id, or the hash of labels and prompts */
export async function sealMatrix({ packed }: LabelMatrix, name: string): Promise<void> {
  await seal(new Uint8Array(packed), name);
}

/** @returns undefined if it is not a set of vectors of this width, sealed under this name */
export async function unpackMatrix(
  packed: ArrayBuffer,
  width: number,
  name: string,
): Promise<LabelMatrix | undefined> {
  try {
    if (!(await isSealed(new Uint8Array(packed), name))) return undefined;
    const headerBytes = new DataView(packed).getUint32(SEAL_BYTES, true);
    const json = new TextDecoder().decode(new Uint8Array(packed, FRONT_BYTES, headerBytes));
    const header = JSON.parse(json) as Header;
    const rows = new Float32Array(packed, FRONT_BYTES + headerBytes);
    const fits = header.width === width && rows.length >= header.labels.length * width;
    return fits && rows.length % width === 0 ? matrixOf(header, rows, packed) : undefined;
  } catch {
    return undefined;
  }
}

/** @param rows float32, embeddings × width */
export function fillRows(rows: Float32Array, embeddings: readonly { embedding: Float32Array }[]): void {
  for (const [index, { embedding }] of embeddings.entries()) rows.set(embedding, index * embedding.length);
}
