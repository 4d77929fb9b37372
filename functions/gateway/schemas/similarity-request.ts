/** `POST /v1/similarity`. */
import { MAX_IMAGES, MAX_TEXTS } from "../limits.ts";
import { IMAGE_ALIASES, TEXT_ALIASES } from "../body/fields.ts";
import { imageItemSchema, textItemSchema } from "./fields/item.ts";
import { modelSchema } from "./fields/model-name.ts";
import { onErrorSchema } from "./fields/on-error.ts";
import { list } from "./fields/list.ts";
import { ownObject } from "./fields/own-object.ts";

export const similarityRequestSchema = ownObject(
  {
    model: modelSchema,
    images: list(imageItemSchema)
      .min(1, "at least one image is needed")
      .max(MAX_IMAGES, `at most ${MAX_IMAGES} images a request`),
    texts: list(textItemSchema)
      .min(1, "at least one text is needed")
      .max(MAX_TEXTS, `at most ${MAX_TEXTS} texts`),
    on_error: onErrorSchema,
  },
  [...IMAGE_ALIASES, ...TEXT_ALIASES],
).meta({ id: "SimilarityRequest" });
