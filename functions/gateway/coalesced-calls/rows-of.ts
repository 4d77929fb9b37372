/** A line's share of a tower's answers to many lines. */
import { ServiceError } from "../../runtime/errors.ts";
import type { Embeddings, RpcResult } from "../../runtime/rpc.ts";

/**
 * @param results of calls one after the other
 * @param size vectors of a call, the last of which may have fewer, and of all calls together
 * @param rows those of the line, in its order, over all calls
 * @returns the first failure that concerns one of them
 * @throws ServiceError `model_unavailable` if the model was replaced between two calls
 */
export function rowsOf(
  results: readonly RpcResult<Embeddings>[],
  size: { each: number; count: number },
  rows: readonly number[],
): RpcResult<Embeddings> {
  let answer: (Embeddings & { width: number }) | undefined;
  for (const [index, row] of rows.entries()) {
    const call = Math.floor(row / size.each);
    const result = results[call];
    if (result === undefined) throw new Error("a tower was not asked for a line's vector");
    if (!result.ok) return result;
    const { embeddings: all, ...value } = result.value;
    const width = all.length / Math.min(size.each, size.count - call * size.each);
    answer ??= { ...value, embeddings: new Float32Array(rows.length * width), width };
    if (answer.revision !== value.revision) {
      throw new ServiceError("model_unavailable", "the model is being replaced; try again");
    }
    const start = (row % size.each) * width;
    answer.embeddings.set(all.subarray(start, start + width), index * width);
  }
  if (answer === undefined) throw new Error("a line asked for no vector");
  const { width: _width, ...value } = answer;
  return { ok: true, value };
}
