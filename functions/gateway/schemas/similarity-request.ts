/** `POST /v1/similarity`. */
import * as z from "zod";
import { MAX_TEXTS } from "../limits.ts";
import { imagesSchema } from "./image.ts";
import { textSchema } from "./text.ts";

export const similarityRequestSchema = z.object({
  model: z.string().optional(),
  images: imagesSchema,
  texts: z
    .array(textSchema)
    .min(1, "at least one text is needed")
    .max(MAX_TEXTS, `at most ${MAX_TEXTS} texts`),
});

export type SimilarityRequest = z.output<typeof similarityRequestSchema>;
