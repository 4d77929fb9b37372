/**
 * Turns a mixed list of texts, pictures and ready vectors into unit-length vectors. Pictures and texts are computed in
 * parallel.
 */
import type { Item } from "../schemas/fields/item.ts";
import type { ServiceError } from "../../runtime/errors.ts";
import { embedImages, type ImageOptions } from "./embed-images.ts";
import { embedPrompts, type EmbedOptions } from "./embed-prompts.ts";
import { keptVector } from "./kept-vector.ts";
import type { PictureBatch } from "./picture-batch.ts";
import type { Usage } from "./usage.ts";

export interface Vector {
  /** float32, unit length; empty for a picture with an error. */
  embedding: Float32Array;
  /** True for a text that was longer than the model's context. */
  truncated: boolean;
  /** Why a picture could not be read. Absent unless errors are reported. */
  error?: ServiceError | undefined;
}

export interface EmbeddedItems {
  /** One for each item, in order. */
  vectors: Vector[];
  usage: Usage;
}

/** No limit here: the schemas limit the number of texts, cached or not. */
const EACH_AT_MOST_ONCE: EmbedOptions = { maxPrompts: Infinity, keep: true };

/**
 * @param pictures the pictures of the request
 * @param paramOf gives an item's path in the request, by its index
 * @param onError what to do about a bad picture; other bad items fail the request
 * @throws ServiceError naming the bad item; `model_unavailable`, `overloaded`
 */
export async function embedItems(
  items: readonly Item[],
  pictures: PictureBatch,
  paramOf: (index: number) => string,
  onError: ImageOptions["onError"] = "fail",
): Promise<EmbeddedItems> {
  const vectors: Vector[] = [];
  const images = items.flatMap((item, index) => ("image" in item ? [{ index, image: item.image }] : []));
  const texts = items.flatMap((item, index) => ("text" in item ? [{ index, text: item.text }] : []));
  for (const [index, item] of items.entries()) {
    if (!("embedding" in item)) continue;
    const width = pictures.context.manifest.embedding_width;
    const embedding = keptVector(item.embedding, width, `${paramOf(index)}.embedding`);
    vectors[index] = { embedding, truncated: false };
  }
  const [embeddedImages, embeddedTexts] = await Promise.all([
    embedImages(
      images.map(({ image }) => image),
      pictures,
      { paramOf: (at) => paramOf(images[at]?.index ?? 0), onError },
    ),
    embedPrompts(
      texts.map(({ text }) => [text]),
      pictures.context,
      EACH_AT_MOST_ONCE,
    ),
  ]);
  for (const [at, embedding] of embeddedImages.embeddings.entries()) {
    const error = embeddedImages.errors.get(at);
    vectors[images[at]?.index ?? 0] = { embedding, truncated: false, error };
  }
  for (const [at, vector] of embeddedTexts.embeddings.entries()) vectors[texts[at]?.index ?? 0] = vector;
  const { tokens, cachedTokens } = embeddedTexts;
  return {
    vectors,
    usage: {
      images: images.length - embeddedImages.errors.size,
      cachedImages: embeddedImages.cached,
      tokens,
      cachedTokens,
    },
  };
}
