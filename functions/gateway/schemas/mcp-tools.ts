/** What the tools of `POST /mcp` take. */
import * as z from "zod";
import { MAX_IMAGES, MAX_NAME_LENGTH, MAX_TEXTS, MAX_TOOL_TEXT_LENGTH } from "../limits.ts";
import { filterSchema } from "./fields/filter.ts";
import { imageObjectSchema, imageReferenceSchema } from "./fields/image.ts";
import { list } from "./fields/list.ts";
import { modelSchema } from "./fields/model-name.ts";
import { shortString } from "./fields/short-string.ts";
import { resultsSchema } from "./store-search-request.ts";
import { DEFAULT_TEMPLATES } from "../templates/named-templates.ts";
import { templateSchema } from "./fields/templates.ts";
import { textSchema } from "./fields/text.ts";

const picture = z.union([imageReferenceSchema, imageObjectSchema], { error: "must be an image" }).meta({
  description: 'URL, data URI or base64 of a picture, or {"file_id": …} for an uploaded file',
});
const toolText = textSchema.max(MAX_TOOL_TEXT_LENGTH, `at most ${MAX_TOOL_TEXT_LENGTH} characters`);

export const classifyImageSchema = z.object({
  image: picture,
  labels: list(toolText)
    .min(1, "at least one label is needed")
    .max(MAX_TEXTS, `at most ${MAX_TEXTS} labels`)
    .meta({ description: "What the picture may show, such as cat and dog" }),
  template: templateSchema
    .default(DEFAULT_TEMPLATES[0] ?? "{}")
    .meta({ description: "A description of a picture, with {} where the label belongs" }),
  model: modelSchema,
});

export const compareSchema = z.object({
  images: list(picture)
    .min(1, "at least one image is needed")
    .max(MAX_IMAGES, `at most ${MAX_IMAGES} images`),
  texts: list(toolText)
    .min(1, "at least one text is needed")
    .max(MAX_TEXTS, `at most ${MAX_TEXTS} texts`)
    .meta({ description: "Descriptions that each picture is compared with" }),
  model: modelSchema,
});

export const searchPicturesSchema = z
  .object({
    vector_store_id: shortString(MAX_NAME_LENGTH).meta({ description: "Id of a vector store of pictures" }),
    query: toolText
      .optional()
      .meta({ description: "What the pictures show, as a whole phrase: a photo of a dog in the snow" }),
    image: picture
      .optional()
      .meta({ description: "Instead of a query: a picture that others are to be like" }),
    filters: filterSchema.optional().meta({
      description: 'Only pictures with such attributes: {"type": "eq", "key": "year", "value": 2024}',
    }),
    max_num_results: resultsSchema,
  })
  .superRefine(({ query, image }, context) => {
    if ((query === undefined) !== (image === undefined)) return;
    const message = query === undefined ? "query or image is needed" : "query and image exclude each other";
    const code = query === undefined ? "missing_field" : "invalid_type";
    context.addIssue({ code: "custom", path: ["query"], message, params: { code } });
  });
