/** Combines the prompts of a label: the mean of their unit vectors, scaled to unit length. */
import { normalizeRows } from "../runtime/normalize.ts";

/** @param prompts unit-length embeddings, at least one */
export function labelEmbedding(prompts: readonly Float32Array[]): Float32Array {
  const [first] = prompts;
  if (first === undefined) throw new Error("a label needs a prompt");
  if (prompts.length === 1) return first;
  const sum = new Float32Array(first.length);
  for (const prompt of prompts) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (prompt[i] ?? 0);
  }
  return normalizeRows(sum, sum.length);
}
