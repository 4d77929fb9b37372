/** Stores `parts/<id>/<revision>/<format>/<n>`: parts of a set's vectors, until all are computed. */
import { MATRIX_FORMAT } from "../label-matrix.ts";
import type { ChecksummedObjects } from "../checksummed-objects.ts";

/** What some of a set's vectors were computed from. */
export interface PartCounts {
  tokens: number;
  prompts: number;
  /** Number of vectors. */
  vectors: number;
  /** Indices within the part of the vectors with a text longer than the model's context. */
  truncated: readonly number[];
}

export class PartStore {
  readonly #objects: ChecksummedObjects;

  constructor(objects: ChecksummedObjects) {
    this.#objects = objects;
  }

  /** The parts that exist, by number. */
  async list(id: string, revision: string): Promise<Map<number, PartCounts>> {
    const prefix = pathOf(id, revision, "");
    const parts = new Map<number, PartCounts>();
    for (let cursor: string | undefined; ;) {
      const options = { prefix, include: ["customMetadata" as const] };
      const listed = await this.#objects.bucket.list(cursor === undefined ? options : { ...options, cursor });
      for (const { key, customMetadata } of listed.objects) {
        const { tokens, prompts, vectors, truncated = "" } = customMetadata ?? {};
        parts.set(Number(key.slice(prefix.length)), {
          tokens: Number(tokens),
          prompts: Number(prompts),
          vectors: Number(vectors),
          truncated: truncated === "" ? [] : truncated.split(" ").map(Number),
        });
      }
      if (!listed.truncated) return parts;
      ({ cursor } = listed);
    }
  }

  async has(id: string, revision: string, number: number): Promise<boolean> {
    return (await this.#objects.bucket.head(pathOf(id, revision, number))) !== null;
  }

  /** The part's vectors, one after another; undefined if it is missing, or was damaged and is now deleted. */
  async get(id: string, revision: string, number: number): Promise<Float32Array | undefined> {
    const key = pathOf(id, revision, number);
    const object = await this.#objects.get(key);
    if (object === undefined) return undefined;
    if (object.bytes !== undefined) return new Float32Array(object.bytes.buffer);
    await this.#objects.bucket.delete(key);
    return undefined;
  }

  async put(
    id: string,
    revision: string,
    number: number,
    rows: Float32Array<ArrayBuffer>,
    { tokens, prompts, vectors, truncated }: PartCounts,
  ): Promise<void> {
    // At most 512 numbers of 3 digits; R2 allows 8 kB of metadata.
    const customMetadata = {
      tokens: String(tokens),
      prompts: String(prompts),
      vectors: String(vectors),
      truncated: truncated.join(" "),
    };
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    await this.#objects.put(pathOf(id, revision, number), bytes, { customMetadata });
  }

  async removeAll(id: string, revision: string): Promise<void> {
    await this.#objects.removeAll(`parts/${id}/${revision}/`);
  }
}

function pathOf(id: string, revision: string, number: number | ""): string {
  return `parts/${id}/${revision}/${MATRIX_FORMAT}/${number}`;
}
