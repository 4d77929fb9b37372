/** The envelope of every answer that a model gave: OpenAI's list, with the model's revision and what it took. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { EmbeddedImages } from "../embed/embed-images.ts";
import type { EmbeddedTexts } from "../embed/embed-texts.ts";
import { randomId } from "../http/random-id.ts";

/** What a request took of the model. */
export interface Usage {
  images: number;
  /** Images whose embedding was cached. */
  cachedImages: number;
  tokens: number;
  /** Tokens of texts whose embedding was cached. */
  cachedTokens: number;
}

export function usageOf(images: EmbeddedImages, texts: EmbeddedTexts): Usage {
  return {
    images: images.embeddings.length,
    cachedImages: images.cached,
    tokens: texts.tokens,
    cachedTokens: texts.cachedTokens,
  };
}

/**
 * @param idPrefix of the answer's id, such as `cls`
 * @param data one object a picture
 */
export function inferenceResponse(
  idPrefix: string,
  manifest: Manifest,
  data: readonly object[],
  { images, cachedImages, tokens, cachedTokens }: Usage,
): object {
  return {
    id: randomId(idPrefix),
    object: "list",
    created: Math.floor(Date.now() / 1000),
    model: manifest.id,
    revision: manifest.revision,
    data,
    usage: {
      prompt_tokens: tokens,
      total_tokens: tokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
      images,
      cached_images: cachedImages,
    },
  };
}
