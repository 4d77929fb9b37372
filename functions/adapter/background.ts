/** c₀: the cosine of pictures that have nothing to do with each other. */
import type { Manifest } from "../../model-shards/manifest.ts";

/**
 * For models that were built before it was measured: what `npm run model:background` measures of the demonstration
 * model, the only trained one in this repository.
 */
export const DEFAULT_BACKGROUND = 0.233;

export function backgroundOf(manifest: Manifest): number {
  return ("background_cosine" in manifest ? manifest.background_cosine : undefined) ?? DEFAULT_BACKGROUND;
}
