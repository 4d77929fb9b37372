/** What a client may say of vectors that cannot be changed: their width, and whether texts may be cut. */
import type { Manifest } from "../../../../model-shards/manifest.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import type { Vector } from "../../embed/embed-items.ts";

/**
 * @param dimensions the field `param` of the request, if it was sent
 * @throws ServiceError `unsupported_dimensions` unless it is the model's width
 */
export function requireWidth(
  { embedding_width: width }: Manifest,
  dimensions: number | null | undefined,
  param: string,
): void {
  if (dimensions == null || dimensions === width) return;
  const message = `${param} must be ${width}, the width of the model's embeddings`;
  throw new ServiceError("unsupported_dimensions", message, { param });
}

/** Why a text must not be cut by a request that wants its end. */
export const ONLY_END_IS_CUT = "is longer than the model's context, and only its end can be cut";

/** @throws ServiceError `too_long` for the first text that was cut, in a request that does not allow it */
export function requireWholeTexts(
  vectors: readonly Vector[],
  paramOf: (index: number) => string,
  reason = "is longer than the model's context",
): void {
  const cut = vectors.findIndex(({ truncated }) => truncated);
  if (cut === -1) return;
  const param = paramOf(cut);
  throw new ServiceError("too_long", `${param}: ${reason}`, { param });
}
