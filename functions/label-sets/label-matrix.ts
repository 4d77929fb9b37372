/**
 * A label set as a classification needs it: names, thresholds and one matrix.
 *
 * In memory, KV and R2 it is one value, little-endian: seal | uint32 bytes of the header | header, JSON padded with spaces
 * to a multiple of 4 bytes | uint32 ends of the names | names, JSON strings in UTF-8, padded likewise | float32
 * labels × width | float32 negatives × width. A name is read when it is needed: an answer has a few of 10,000, which may
 * be as long as a request's body.
 */
import { isSealed, SEAL_BYTES, seal } from "../embed/seal.ts";
import type { LabelSetDefinition } from "./definition.ts";

/**
 * Part of every key that a matrix, or a part of one, is kept under. Labels are named as they were sent, so it changes
 * not only with this layout, but also with what `cleanText` makes of a text and with how prompts find their vectors.
 */
export const MATRIX_FORMAT = "labels4";

export interface LabelMatrix {
  labels: LabelNames;
  /** Cosine below which a label is left out, by label; empty where none has one. */
  minSimilarity: readonly (number | null)[];
  /** float32, labels × width, rows of unit length. */
  vectors: Float32Array;
  /** float32, negatives × width, rows of unit length. */
  negative: Float32Array;
  /** Indices of the labels that have a prompt which is longer than the model's context. */
  truncated: ReadonlySet<number>;
  /** Of all prompts. */
  tokens: number;
  /** All of this as one value; the rest are views of it. */
  packed: ArrayBuffer;
}

/** Names of labels, by their index. */
export interface LabelNames {
  readonly length: number;
  at(index: number): string | undefined;
}

/** Names that are read once each, however many pictures have them in their answers. */
export class NamesOnce implements LabelNames {
  readonly #names: LabelNames;
  readonly #read = new Map<number, string>();
  /** That the names take which were read, at most. */
  bytes = 0;

  constructor(names: LabelNames) {
    this.#names = names;
  }

  get length(): number {
    return this.#names.length;
  }

  at(index: number): string | undefined {
    const known = this.#read.get(index);
    if (known !== undefined) return known;
    const name = this.#names.at(index);
    if (name === undefined) return undefined;
    this.#read.set(index, name);
    this.bytes += 2 * name.length;
    return name;
  }
}

interface Header {
  labels: number;
  /** null where no label has one. */
  minSimilarity: readonly (number | null)[] | null;
  /** Bytes of the names, padding included. */
  names: number;
  truncated: readonly number[];
  width: number;
  tokens: number;
}

/** What is known of a matrix's labels once they have been embedded. */
export interface EmbeddedCounts {
  /** Of all prompts. */
  tokens: number;
  /** Indices of the labels of which a prompt was cut. */
  truncated: readonly number[];
}

/** What a matrix says besides its vectors. */
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

/** Seal and length of the header. */
const FRONT_BYTES = SEAL_BYTES + 4;

class PackedNames implements LabelNames {
  readonly #ends: Uint32Array;
  readonly #names: Uint8Array;

  constructor(ends: Uint32Array, names: Uint8Array) {
    this.#ends = ends;
    this.#names = names;
  }

  get length(): number {
    return this.#ends.length;
  }

  at(index: number): string | undefined {
    const end = this.#ends[index];
    if (end === undefined) return undefined;
    const json = this.#names.subarray(index === 0 ? 0 : this.#ends[index - 1], end);
    return JSON.parse(new TextDecoder().decode(json)) as string;
  }
}

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/**
 * A matrix whose vectors are still to be filled in.
 * @returns besides the matrix, its rows in one piece: of the labels, then of the negatives
 */
export function blankMatrix(
  { labels, minSimilarity, negatives }: MatrixNames,
  width: number,
  { tokens, truncated }: EmbeddedCounts,
): { matrix: LabelMatrix; rows: Float32Array } {
  const encoder = new TextEncoder();
  const names = labels.map((label) => encoder.encode(JSON.stringify(label)));
  const nameBytes = padded(names.reduce((sum, { length }) => sum + length, 0));
  const header: Header = {
    labels: labels.length,
    minSimilarity: minSimilarity.every((each) => each === null) ? null : minSimilarity,
    names: nameBytes,
    truncated,
    width,
    tokens,
  };
  const json = encoder.encode(JSON.stringify(header));
  const headerBytes = padded(json.length);
  const values = (labels.length + negatives) * width;
  const packed = new Uint8Array(FRONT_BYTES + headerBytes + 4 * labels.length + nameBytes + 4 * values);
  new DataView(packed.buffer).setUint32(SEAL_BYTES, headerBytes, true);
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
  const { matrix, rows } = viewsOf(header, packed.buffer, endsAt);
  return { matrix, rows };
}

/** @param at where the header ends */
function viewsOf(
  { labels, minSimilarity, names, truncated, width, tokens }: Header,
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
  };
  return { matrix, rows };
}

/** Bytes that the matrix of a set takes, and a little more. */
export function matrixBytes({ labels, negative }: LabelSetDefinition, width: number): number {
  const scratch = new Uint8Array(3 * LONGEST_PIECE);
  const encoder = new TextEncoder();
  let names = 0;
  for (const { label } of labels) {
    for (let at = 0; at < label.length; at += LONGEST_PIECE) {
      names += encoder.encodeInto(label.slice(at, at + LONGEST_PIECE), scratch).written;
    }
  }
  return LEAST_BYTES + names + LABEL_BYTES * labels.length + 4 * width * (labels.length + negative.length);
}

/** UTF-16 code units of a name that are counted at a time. */
const LONGEST_PIECE = 8192;
/** Of any matrix, and of its objects. */
const LEAST_BYTES = 1024;
/** Where its name ends, its quotes, and its threshold in memory. */
const LABEL_BYTES = 32;

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

/** Indices of embeddings of which a text was cut. */
export function truncatedOf(embeddings: readonly { truncated: boolean }[]): number[] {
  return embeddings.flatMap(({ truncated }, index) => (truncated ? [index] : []));
}
