/** What the tools of `POST /mcp` take. */
import * as z from "zod";
import { MAX_IMAGES, MAX_TEXTS, MAX_TOOL_TEXT_LENGTH } from "../limits.ts";
import { imageObjectSchema, imageReferenceSchema } from "./image.ts";
import { list } from "./list.ts";
import { modelSchema } from "./model-name.ts";
import { DEFAULT_TEMPLATES } from "../templates/named-templates.ts";
import { templateSchema } from "./templates.ts";
import { textSchema } from "./text.ts";

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
