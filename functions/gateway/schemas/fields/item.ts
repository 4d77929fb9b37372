/** The inputs from which a vector can be made, for endpoints that accept more than one kind. */
import * as z from "zod";
import { MAX_EMBEDDING_VALUES, MAX_IMAGES } from "../../limits.ts";
import { imageObjectSchema, type ImageReference, imageSchema } from "./image.ts";
import { type Mix, mixSchema } from "./mix.ts";
import { ownObject } from "./own-object.ts";
import { textSchema } from "./text.ts";
import { list } from "./list.ts";

/** A text, a picture, or a ready vector that the client stored. */
export type Item = { text: string } | { image: ImageReference } | { embedding: readonly number[] };

const embedding = list(z.number(), { isRight: Number.isFinite })
  .min(1, "must not be empty")
  .max(MAX_EMBEDDING_VALUES, `at most ${MAX_EMBEDDING_VALUES} values`)
  .meta({ description: "As many values as the model's embeddings have, of any norm" });
const embeddingItem = z.object({ embedding });
const ownEmbeddingItem = ownObject({ embedding });
const textItem = z.object({ text: textSchema });
const stringAsText = textSchema.transform((text): Item => ({ text }));
const objectAsImage = imageObjectSchema.transform((image): Item => ({ image }));

/** For this project's own endpoints, where a plain string is a picture. */
export const imageItemSchema = z.union(
  [imageSchema.transform((image): Item => ({ image })), ownEmbeddingItem],
  { error: "must be an image or an object with an embedding" },
);

/** For this project's own endpoints, where a plain string is a text. */
export const textItemSchema = z.union([stringAsText, ownEmbeddingItem], {
  error: "must be a text or an object with an embedding",
});

/** A plain string is a text; the fields of an object name its kind. */
export const mixedItemSchema = z.union([stringAsText, textItem, objectAsImage, mixSchema], {
  error: "must be a text, an image object, an object with a text, or a mix of both",
});

/** A text, a picture, or a vector; a plain string is a text. */
export const anyItemSchema = z.union([stringAsText, textItem, objectAsImage, embeddingItem], {
  error: "must be a text, an image object, or an object with a text or an embedding",
});

/** The items whose vectors an item is made of: itself, unless it is a mix. */
export function partsOf(item: Item | Mix): readonly Item[] {
  return "mix" in item ? item.mix : [item];
}

/** Refuses a list with more pictures than a request may have, those of mixes included. */
export function limitImages(items: readonly (Item | Mix)[], context: z.RefinementCtx): void {
  const images = items.flatMap(partsOf).filter((item) => "image" in item).length;
  if (images > MAX_IMAGES) {
    const message = `at most ${MAX_IMAGES} images a request`;
    context.addIssue({ code: "custom", message, params: { code: "too_many_items" } });
  }
}
