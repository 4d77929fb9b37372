/**
 * Stores `examples/<id>/<revision>`: the vectors of a set's examples, in the order of its definition. They cannot be
 * computed from the definition, which has only hashes of the pictures.
 */
import type { ChecksummedObjects } from "./checksummed-objects.ts";

export class ExampleStore {
  readonly #objects: ChecksummedObjects;

  constructor(objects: ChecksummedObjects) {
    this.#objects = objects;
  }

  async has(id: string, revision: string): Promise<boolean> {
    return (await this.#objects.bucket.head(keyOf(id, revision))) !== null;
  }

  /** float32, examples × width; undefined if they are missing, or were damaged and are now deleted. */
  async get(id: string, revision: string): Promise<Float32Array | undefined> {
    const key = keyOf(id, revision);
    const object = await this.#objects.get(key);
    if (object?.bytes !== undefined) return new Float32Array(object.bytes.buffer);
    if (object !== undefined) await this.#objects.bucket.delete(key);
    return undefined;
  }

  async put(id: string, revision: string, vectors: Float32Array<ArrayBuffer>): Promise<void> {
    const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
    await this.#objects.putAgain(keyOf(id, revision), bytes);
  }
}

function keyOf(id: string, revision: string): string {
  return `examples/${id}/${revision}`;
}
