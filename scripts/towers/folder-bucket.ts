/** Reads a built model's folder through the interface of R2: ranges of files as streams. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectReader } from "../../functions/runtime/model-store/read-verified.ts";

export class FolderBucket implements ObjectReader {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string, { range }: { range?: { offset: number; length: number } } = {}) {
    const file = await open(join(this.#folder, key));
    const { size } = await file.stat();
    const bytes = new Uint8Array(range?.length ?? size);
    await file.read(bytes, 0, bytes.byteLength, range?.offset ?? 0);
    await file.close();
    return { size, body: new Blob([bytes]).stream() };
  }
}
