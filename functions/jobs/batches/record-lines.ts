/**
 * Records the cost of a part's lines, once the batch's object has taken their answers: what is tried again is not
 * counted twice.
 */
import type { BatchOwner } from "../../batches/batch-state-rpc.ts";
import type { LinesUsage } from "../../batches/lines-rpc.ts";
import { usagePoint } from "../../usage/usage-point.ts";
import type { JobsBindings } from "../jobs-bindings.ts";

/** @param path under which they are recorded @param milliseconds that the part has taken */
export function recordLines(
  { USAGE }: JobsBindings,
  { account, keyId, tier }: BatchOwner,
  path: string,
  usage: readonly LinesUsage[],
  milliseconds: number,
): void {
  for (const { status, errorCode, model, lines, images, cachedImages, tokens, cachedTokens } of usage) {
    const point = usagePoint({
      account,
      key: keyId ?? "",
      tier,
      route: path,
      status,
      code: errorCode,
      model,
      requests: lines,
      images,
      cached_images: cachedImages,
      tokens,
      cached_tokens: cachedTokens,
      milliseconds,
    });
    USAGE?.writeDataPoint(point);
  }
}
