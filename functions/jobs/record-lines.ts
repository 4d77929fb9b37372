/**
 * Records the cost of a part's lines, once the batch's object has taken their answers: what is tried again is not
 * counted twice. `gateway/middleware/record-usage.ts` has the same columns.
 */
import type { BatchOwner } from "../batches/batch-state-rpc.ts";
import type { LinesUsage } from "../batches/lines-rpc.ts";
import type { JobsBindings } from "./jobs-bindings.ts";

/** @param path under which they are recorded @param milliseconds that the part has taken */
export function recordLines(
  { USAGE }: JobsBindings,
  { account, keyId, tier }: BatchOwner,
  path: string,
  usage: readonly LinesUsage[],
  milliseconds: number,
): void {
  for (const { status, errorCode, model, lines, images, cachedImages, tokens, cachedTokens } of usage) {
    USAGE?.writeDataPoint({
      indexes: [account],
      blobs: [keyId ?? "", tier, path, status, errorCode, model],
      doubles: [lines, images, cachedImages, tokens, cachedTokens, milliseconds],
    });
  }
}
