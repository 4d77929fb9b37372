/** A local substitute for Vectorize: a file of JSON lines, which every search reads completely. */
import { readFile, writeFile } from "node:fs/promises";
import type { Match, StoredVector, VectorIndex } from "./vector-index.ts";

export class LocalIndex implements VectorIndex {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async upsert(vectors: readonly StoredVector[]): Promise<void> {
    const all = new Map((await this.#read()).map((each) => [each.id, each]));
    for (const vector of vectors) all.set(vector.id, vector);
    const lines = [...all.values()].map((each) => JSON.stringify(each));
    await writeFile(this.#path, `${lines.join("\n")}\n`);
  }

  async query(vector: readonly number[], topK: number): Promise<Match[]> {
    const matches = (await this.#read()).map((each) => ({ ...each, score: dot(vector, each.values) }));
    return matches.toSorted((a, b) => b.score - a.score).slice(0, topK);
  }

  async #read(): Promise<StoredVector[]> {
    const text = await readFile(this.#path, "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as StoredVector);
  }
}

/** The dot product, which is the cosine of unit vectors. */
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
