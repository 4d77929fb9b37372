/** Number of operations of an image tower for one picture. */
import { DEPTHWISE_KERNEL, MLP_RATIO, STEM_STRIDE } from "../../../build/architecture/architecture.ts";
import type { Manifest } from "../../../model-shards/manifest.ts";

/** Multiply–accumulates, without norms, activations and softmax. */
export function imageMacs({ image, embedding_width: embeddingWidth }: Manifest): number {
  const { size } = image;
  if (!("depths" in image)) {
    const { width, layers, patch_size: patchSize, mlp_width: mlpWidth } = image;
    const patches = (size / patchSize) ** 2;
    const tokens = patches + 1;
    const linear = tokens * (4 * width * width + 2 * width * mlpWidth);
    const attention = 2 * tokens ** 2 * width;
    return patches * 3 * patchSize ** 2 * width + layers * (linear + attention) + width * embeddingWidth;
  }
  return image.widths.reduce(
    (sum, width, stage) => {
      const positions = (size / (STEM_STRIDE * 2 ** stage)) ** 2;
      const previous = image.widths[stage - 1];
      const before = previous === undefined ? 3 * STEM_STRIDE ** 2 : 4 * previous;
      const block = 2 * MLP_RATIO * width ** 2 + width * DEPTHWISE_KERNEL ** 2;
      return sum + positions * ((image.depths[stage] ?? 0) * block + before * width);
    },
    embeddingWidth * (image.widths.at(-1) ?? 0),
  );
}
