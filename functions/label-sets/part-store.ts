/** `parts/<id>/<revision>/<format>/<n>`: pieces of a set's vectors, while they are being computed. */
import { MATRIX_FORMAT } from "./label-matrix.ts";
import type { SealedObjects } from "./sealed-objects.ts";

/** What some of a set's vectors were made of. */
export interface PartCounts {
  tokens: number;
  prompts: number;
  /** How many there are. */
  vectors: number;
  /** Indices, among the part's vectors, of those of which a text was longer than the model's context. */
  truncated: readonly number[];
}

export class PartStore {
  readonly #objects: SealedObjects;

  constructor(objects: SealedObjects) {
    this.#objects = objects;
  }

  /** The parts that are there, by their numbers. */
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

  /** Its vectors, one after the other; undefined if it is missing, or was damaged and has now been dropped. */
  async get(id: string, revision: string, number: number): Promise<Float32Array | undefined> {
    const key = pathOf(id, revision, number);
    const object = await this.#objects.get(key);
    if (object === undefined) return undefined;
    if (object.bytes !== undefined) return new Float32Array(object.bytes);
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
    // At most 512 numbers of 3 digits; R2 keeps 8 kB of this.
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
