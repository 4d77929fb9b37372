/** A line's share of a tower's answer to many lines. */
import type { Embeddings, RpcResult } from "../../runtime/rpc.ts";

/**
 * @param count vectors in the answer
 * @param rows those of the line, in its order
 */
export function rowsOf(
  result: RpcResult<Embeddings>,
  count: number,
  rows: readonly number[],
): RpcResult<Embeddings> {
  if (!result.ok) return result;
  const { embeddings: all, ...value } = result.value;
  const width = all.length / count;
  const embeddings = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    embeddings.set(all.subarray(row * width, (row + 1) * width), index * width);
  }
  return { ok: true, value: { ...value, embeddings } };
}
