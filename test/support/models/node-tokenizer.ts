/** The tokenizer over the committed vocabulary. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "../../../functions/runtime/tokenizer/tokenizer.ts";

/** The packed vocabulary in a buffer of its own, as a Worker receives it. */
export async function packedVocabulary(): Promise<ArrayBuffer> {
  const bytes = await readFile(join(import.meta.dirname, "../../../model-shards/clip-bpe.bin"));
  return new Uint8Array(bytes).buffer;
}

export async function tokenizer(): Promise<Tokenizer> {
  return new Tokenizer(await packedVocabulary());
}
