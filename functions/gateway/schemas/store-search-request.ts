/** `POST /v1/vector_stores/{id}/search`: OpenAI's request, whose query may also be a picture or a mix. */
import * as z from "zod";
import { MAX_SEARCH_QUERIES, MAX_SEARCH_RESULTS } from "../../vector-stores/store-limits.ts";
import { DEFAULT_RESULTS, MAX_IMAGES } from "../limits.ts";
import { filterSchema } from "./fields/filter.ts";
import { imageSchema } from "./fields/image.ts";
import { type Item, limitImages } from "./fields/item.ts";
import { list } from "./fields/list.ts";
import { type Mix, mixPartsSchema } from "./fields/mix.ts";
import { requireOne } from "./fields/one-of.ts";
import { textSchema } from "./fields/text.ts";
import { storeModelSchema } from "./vector-store-request.ts";

const KINDS = ["query", "images", "content"] as const;
const most = `at most ${MAX_SEARCH_QUERIES} queries`;

/** How many pictures are found at most. */
export const resultsSchema = z
  .number()
  .int()
  .min(1, "must be at least 1")
  .max(MAX_SEARCH_RESULTS, `at most ${MAX_SEARCH_RESULTS}`)
  .default(DEFAULT_RESULTS);

const rankingSchema = z
  .object({
    ranker: z.string().optional().meta({ description: "Accepted and ignored: the order is by exact cosine" }),
    score_threshold: z
      .number()
      .min(-1, "must be between -1 and 1")
      .max(1, "must be between -1 and 1")
      .optional()
      .meta({ description: "Pictures with a lower cosine are left out" }),
  })
  .meta({ id: "RankingOptions" });

export const storeSearchRequestSchema = z
  .object({
    query: z
      .union(
        [
          textSchema.transform((text) => [text]),
          list(textSchema).min(1, "at least one query is needed").max(MAX_SEARCH_QUERIES, most),
        ],
        { error: "must be a text or a list of texts" },
      )
      .optional()
      .meta({ description: "A text, or several: a picture's score is its highest" }),
    images: list(imageSchema)
      .min(1, "at least one image is needed")
      .max(MAX_IMAGES, `at most ${MAX_IMAGES} images a request`)
      .optional()
      .meta({ description: "Instead of `query`: pictures that are looked for" }),
    content: mixPartsSchema.optional().meta({
      description: "Instead of `query`: texts and pictures with weights, looked for as one",
    }),
    filters: filterSchema.optional(),
    max_num_results: resultsSchema,
    ranking_options: rankingSchema.optional(),
    rewrite_query: z.boolean().optional().meta({ description: "Accepted and ignored" }),
    model: storeModelSchema,
  })
  .superRefine(
    requireOne(KINDS, "query, image or content is needed", "query, image and content exclude each other"),
  )
  .transform(({ query, images, content, ...rest }, context) => {
    const items: (Item | Mix)[] =
      content !== undefined
        ? [{ mix: content }]
        : (query?.map((text) => ({ text })) ?? images?.map((image) => ({ image })) ?? []);
    limitImages(items, context);
    return { ...rest, items, isMix: content !== undefined };
  })
  .meta({ id: "SearchVectorStoreRequest" });

export type StoreSearchRequest = z.output<typeof storeSearchRequestSchema>;
