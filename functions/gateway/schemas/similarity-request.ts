/** `POST /v1/similarity`. */
import * as z from "zod";
import { MAX_IMAGES, MAX_TEXTS } from "../limits.ts";
import { imageItemSchema, textItemSchema } from "./item.ts";
import { modelSchema } from "./model.ts";
import { list } from "./list.ts";

export const similarityRequestSchema = z.object({
  model: modelSchema,
  images: list(imageItemSchema)
    .min(1, "at least one image is needed")
    .max(MAX_IMAGES, `at most ${MAX_IMAGES} images a request`),
  texts: list(textItemSchema)
    .min(1, "at least one text is needed")
    .max(MAX_TEXTS, `at most ${MAX_TEXTS} texts`),
});
