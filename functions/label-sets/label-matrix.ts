/**
 * A label set in the form that a classification needs: names, thresholds and one matrix.
 *
 * In memory, KV and R2 it is one value, little-endian: checksum | uint32 length of the header, bytes | header, JSON padded
 * with spaces to a multiple of 4 bytes | uint32 ends of the names | names, JSON strings in UTF-8, padded in the same
 * way, and vectors of examples | float32 labels × width | float32 negatives × width. Those of a set with examples are
 * float32 α, β, c₀ | float32 examples × width, and stand at the end of the names, where releases that know no examples
 * do not look. `label-names.ts` reads the names.
 */
import { hasChecksum, CHECKSUM_BYTES, writeChecksum } from "../embed/checksum.ts";
import { type Adapter, DEFAULT_ADAPTER, type Examples, ignoreExamples } from "../adapter/adapter.ts";
import { labelsOfExamples, type LabelSetDefinition } from "./definition.ts";
import { type LabelNames, PackedNames } from "./label-names.ts";

/**
 * Part of every key of a matrix, or of a part of one. Labels are stored as they were sent. So change it when this
 * layout changes, and also when `cleanText` or the way from prompts to vectors changes.
 */
export const MATRIX_FORMAT = "labels4";

export interface LabelMatrix {
  labels: LabelNames;
  /** Each label's threshold: the label is left out if its cosine is lower. Empty if no label has one. */
  minSimilarity: readonly (number | null)[];
  /** float32, labels × width, rows of unit length. */
  vectors: Float32Array;
  /** float32, negatives × width, rows of unit length. */
  negative: Float32Array;
  /** Indices of the labels with a prompt longer than the model's context. */
  truncated: ReadonlySet<number>;
  /** Absent if no label has any. */
  examples?: Examples;
  /** Tokens of all prompts. */
  tokens: number;
  /** The whole matrix as one value; the other fields are views of it. */
  packed: ArrayBuffer;
}

interface Header {
  labels: number;
  /** null if no label has one. */
  minSimilarity: readonly (number | null)[] | null;
  /** Length of the names and of the examples, bytes, padding included. */
  names: number;
  /** Index of each example's label, ascending; absent if there are none. */
  examples?: readonly number[];
  truncated: readonly number[];
  width: number;
  tokens: number;
}

/** What embedding reports about a matrix's labels. */
export interface EmbeddedCounts {
  /** Tokens of all prompts. */
  tokens: number;
  /** Indices of the labels with a prompt that was cut to the model's context. */
  truncated: readonly number[];
}

/** The content of a matrix without its vectors. */
export interface MatrixNames extends Pick<LabelMatrix, "minSimilarity"> {
  labels: readonly string[];
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

/** Bytes of the checksum and of the header's length. */
const FRONT_BYTES = CHECKSUM_BYTES + 4;

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/**
 * A matrix whose vectors are still to be filled in.
 * @returns the matrix, and its rows as one array: the labels, then the negatives
 */
export function blankMatrix(
  { labels, minSimilarity, negatives }: MatrixNames,
  width: number,
  { tokens, truncated }: EmbeddedCounts,
  taught?: TaughtSet,
): { matrix: LabelMatrix; rows: Float32Array } {
  const encoder = new TextEncoder();
  const names = labels.map((label) => encoder.encode(JSON.stringify(label)));
  const exampleValues = taught === undefined ? 0 : ADAPTER_VALUES + taught.vectors.length;
  const nameBytes = padded(names.reduce((sum, { length }) => sum + length, 0)) + 4 * exampleValues;
  const header: Header = {
    labels: labels.length,
    minSimilarity: minSimilarity.every((each) => each === null) ? null : minSimilarity,
    names: nameBytes,
    truncated,
    width,
    tokens,
    ...(taught === undefined ? {} : { examples: taught.labels }),
  };
  const json = encoder.encode(JSON.stringify(header));
  const headerBytes = padded(json.length);
  const values = (labels.length + negatives) * width;
  const packed = new Uint8Array(FRONT_BYTES + headerBytes + 4 * labels.length + nameBytes + 4 * values);
  new DataView(packed.buffer).setUint32(CHECKSUM_BYTES, headerBytes, true);
  packed.fill(0x20, FRONT_BYTES, FRONT_BYTES + headerBytes);
  packed.set(json, FRONT_BYTES);
  const endsAt = FRONT_BYTES + headerBytes;
  const ends = new Uint32Array(packed.buffer, endsAt, labels.length);
  let end = 0;
  for (const [index, name] of names.entries()) {
    packed.set(name, endsAt + 4 * labels.length + end);
    end += name.length;
    ends[index] = end;
  }
  if (taught !== undefined) {
    const { vectors, background } = taught;
    const { alpha, beta } = DEFAULT_ADAPTER;
    const examples = new Float32Array(
      packed.buffer,
      endsAt + 4 * labels.length + nameBytes - 4 * exampleValues,
    );
    examples.set([alpha, beta, background]);
    examples.set(vectors, ADAPTER_VALUES);
  }
  const { matrix, rows } = viewsOf(header, packed.buffer, endsAt);
  return { matrix, rows };
}

/** The examples of a matrix. */
export interface TaughtSet {
  labels: readonly number[];
  /** float32, examples × width, rows of unit length. */
  vectors: Float32Array;
  background: number;
}

/** Stores what was chosen for the examples of a matrix. */
export function setAdapter(
  { examples }: LabelMatrix,
  { adapter: { alpha, beta }, ignored }: { adapter: Adapter; ignored: ReadonlySet<number> },
): void {
  if (examples === undefined) throw new Error("a matrix without examples");
  ignoreExamples(examples, ignored);
  const { buffer, byteOffset } = examples.vectors;
  new Float32Array(buffer, byteOffset - 4 * ADAPTER_VALUES).set([alpha, beta]);
}

/** α, β and c₀. */
const ADAPTER_VALUES = 3;

/** @param at offset of the header's end */
function viewsOf(
  { labels, minSimilarity, names, truncated, width, tokens, examples }: Header,
  packed: ArrayBuffer,
  at: number,
): { matrix: LabelMatrix; rows: Float32Array } {
  const namesAt = at + 4 * labels;
  const rows = new Float32Array(packed, namesAt + names);
  const labelValues = labels * width;
  const matrix = {
    labels: new PackedNames(new Uint32Array(packed, at, labels), new Uint8Array(packed, namesAt, names)),
    minSimilarity: minSimilarity ?? [],
    vectors: rows.subarray(0, labelValues),
    negative: rows.subarray(labelValues),
    truncated: new Set(truncated),
    tokens,
    packed,
    ...(examples === undefined ? {} : { examples: examplesBefore(rows, examples, width) }),
  };
  return { matrix, rows };
}

/** The examples, which end where the rows begin. */
function examplesBefore(rows: Float32Array, labels: readonly number[], width: number): Examples {
  const values = ADAPTER_VALUES + labels.length * width;
  const all = new Float32Array(rows.buffer, rows.byteOffset - 4 * values, values);
  const [alpha = 0, beta = 0, background = 0] = all;
  return { alpha, beta, background, labels, vectors: all.subarray(ADAPTER_VALUES) };
}

/** Bytes of a set's matrix, rounded up a little. */
export function matrixBytes({ labels, negative }: LabelSetDefinition, width: number): number {
  const scratch = new Uint8Array(3 * LONGEST_PIECE);
  const encoder = new TextEncoder();
  let names = 0;
  for (const { label } of labels) {
    for (let at = 0; at < label.length; at += LONGEST_PIECE) {
      names += encoder.encodeInto(label.slice(at, at + LONGEST_PIECE), scratch).written;
    }
  }
  const rows = labels.length + negative.length + labelsOfExamples({ labels }).length;
  return MIN_BYTES + names + LABEL_BYTES * labels.length + 4 * width * rows;
}

/** UTF-16 code units of a name that are counted at a time. */
const LONGEST_PIECE = 8192;
/** Bytes of any matrix for itself and its objects. */
const MIN_BYTES = 1024;
/** Bytes of each label for its name's end, its quotes and its threshold in memory. */
const LABEL_BYTES = 32;

/** The threshold of each label, or else the set's. */
export function thresholds({ labels, min_similarity }: LabelSetDefinition): (number | null)[] {
  return labels.map((each) => each.min_similarity ?? min_similarity);
}

/** @param name a name for the content: a set's id, or the hash of labels and prompts */
export async function writeMatrixChecksum({ packed }: LabelMatrix, name: string): Promise<void> {
  await writeChecksum(new Uint8Array(packed), name);
}

/** @returns undefined if the bytes are no matrix of this width with this name in their checksum */
export async function unpackMatrix(
  packed: ArrayBuffer,
  width: number,
  name: string,
): Promise<LabelMatrix | undefined> {
  try {
    if (!(await hasChecksum(new Uint8Array(packed), name))) return undefined;
    const headerBytes = new DataView(packed).getUint32(CHECKSUM_BYTES, true);
    const json = new TextDecoder().decode(new Uint8Array(packed, FRONT_BYTES, headerBytes));
    const header = JSON.parse(json) as Header;
    const { matrix, rows } = viewsOf(header, packed, FRONT_BYTES + headerBytes);
    const fits = header.width === width && rows.length >= header.labels * width;
    return fits && rows.length % width === 0 ? matrix : undefined;
  } catch {
    return undefined;
  }
}

/** @param rows float32, embeddings × width */
export function fillRows(rows: Float32Array, embeddings: readonly { embedding: Float32Array }[]): void {
  for (const [index, { embedding }] of embeddings.entries()) rows.set(embedding, index * embedding.length);
}

/** Indices of the embeddings with a text that was cut to the model's context. */
export function truncatedOf(embeddings: readonly { truncated: boolean }[]): number[] {
  return embeddings.flatMap(({ truncated }, index) => (truncated ? [index] : []));
}
