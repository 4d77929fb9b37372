/** What the tools of `POST /mcp` take. */
import * as z from "zod";
import { MAX_IMAGES, MAX_TEXTS } from "../limits.ts";
import { imageReferenceSchema } from "./image.ts";
import { list } from "./list.ts";
import { modelSchema } from "./model-name.ts";
import { DEFAULT_TEMPLATES } from "../templates/named-templates.ts";
import { templateSchema } from "./templates.ts";
import { textSchema } from "./text.ts";

const picture = imageReferenceSchema.meta({ description: "URL, data URI or base64 of a picture" });

export const classifyImageSchema = z.object({
  image: picture,
  labels: list(textSchema)
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
  texts: list(textSchema)
    .min(1, "at least one text is needed")
    .max(MAX_TEXTS, `at most ${MAX_TEXTS} texts`)
    .meta({ description: "Descriptions that each picture is compared with" }),
  model: modelSchema,
});
