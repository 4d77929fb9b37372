/** `POST /v1/embeddings`: OpenAI's request, whose inputs may also be images, or vLLM's request with messages. */
import * as z from "zod";
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_INPUTS, MAX_MESSAGES, MAX_MIX_PARTS, MAX_TEXT_LENGTH } from "../limits.ts";
import { imageObjectSchema } from "./fields/image.ts";
import { OUTPUT_TYPES, type OutputType } from "../vectors/output-type.ts";
import { type Item, limitImages, mixedItemSchema, partsOf } from "./fields/item.ts";
import type { Mix } from "./fields/mix.ts";
import { modelSchema } from "./fields/model-name.ts";
import { onErrorSchema } from "./fields/on-error.ts";
import { textSchema } from "./fields/text.ts";
import { list } from "./fields/list.ts";

export const inputSchema = z
  .union(
    [
      mixedItemSchema.transform((item) => [item]),
      list(mixedItemSchema, {
        error: "must be a string, an image object or a list of them",
      })
        .min(1, "at least one input is needed")
        .max(MAX_INPUTS, `at most ${MAX_INPUTS} inputs`)
        .superRefine(limitParts),
    ],
    { error: "must be a string, an image object or a list of them" },
  )
  .superRefine(limitImages)
  .meta({
    description:
      "Texts, image objects, mixes of both, or a list of these; a plain string is always a text. A mix gives the unit " +
      "vector of the weighted sum of its parts' unit vectors",
  });

/** Refuses mixes that have more parts together than a request may have inputs. */
function limitParts(items: readonly (Item | Mix)[], context: z.RefinementCtx): void {
  if (items.flatMap(partsOf).length <= MAX_INPUTS) return;
  const message = `the mixes have more than ${MAX_INPUTS} parts together with the other inputs`;
  context.addIssue({ code: "custom", message, params: { code: "too_many_items" } });
}

/** A part of a message. */
const partSchema = z.union(
  [
    z.object({ type: z.literal("text"), text: textSchema }).transform(({ text }): Item => ({ text })),
    imageObjectSchema.transform((image): Item => ({ image })),
  ],
  { error: 'must be a part of a message: {"type": "text", "text": …} or an image object' },
);

export const partsSchema = list(partSchema).max(MAX_MIX_PARTS, `at most ${MAX_MIX_PARTS} parts`);

const messageSchema = z
  .object({
    role: z.string(),
    content: z.union([textSchema.transform((text): Item[] => [{ text }]), partsSchema], {
      error: "must be a text or a list of parts",
    }),
  })
  .meta({ id: "Message" });

const messagesSchema = list(messageSchema)
  .min(1, "at least one message is needed")
  .max(MAX_MESSAGES, `at most ${MAX_MESSAGES} messages`)
  .transform((messages, context): (Item | Mix)[] => [
    itemOfParts(
      messages.flatMap(({ content }) => content),
      context,
    ),
  ])
  .superRefine(limitImages);

/** The item of which one vector is made. Texts are lines of one text; texts and pictures have equal weights. */
export function itemOfParts(parts: readonly Item[], context: z.RefinementCtx): Item | Mix {
  const texts = parts.flatMap((part) => ("text" in part ? [part.text] : []));
  const images = parts.flatMap((part) => ("image" in part ? [{ ...part, weight: 1 }] : []));
  if (texts.length - 1 + texts.reduce((sum, { length }) => sum + length, 0) > MAX_TEXT_LENGTH) {
    const message = `the texts are joined to one, which may have at most ${MAX_TEXT_LENGTH} characters`;
    context.addIssue({ code: "custom", message, params: { code: "too_long" } });
    return z.NEVER;
  }
  const text = texts.join("\n");
  const [image, ...others] = images;
  if (image === undefined && texts.length > 0) return { text };
  if (image !== undefined && others.length === 0 && texts.length === 0) return { image: image.image };
  if (image !== undefined) return { mix: texts.length > 0 ? [{ text, weight: 1 }, ...images] : images };
  context.addIssue({ code: "custom", message: "must hold a text or an image: a vector is made of it" });
  return z.NEVER;
}

/** The type by either of its names. */
export function outputType({
  output_dtype: type,
  embed_dtype: other,
}: {
  output_dtype: OutputType;
  embed_dtype?: OutputType | "float32" | undefined;
}): OutputType {
  if (other === undefined) return type;
  return other === "float32" ? "float" : other;
}

export const embeddingsRequestSchema = z
  .object({
    model: modelSchema,
    input: inputSchema.optional(),
    messages: messagesSchema.optional().meta({
      description:
        "Texts, images or both; gives one vector. Texts are joined by line breaks; text and images have equal weights",
    }),
    encoding_format: z.enum(["float", "base64", "bytes"]).default("float").meta({
      description:
        "`base64`: little-endian float32, only with `output_dtype` `float`. `bytes`: base64 of the bytes of any type",
    }),
    output_dtype: z
      .enum(OUTPUT_TYPES)
      .default("float")
      .meta({
        description:
          "`int8`: round(127 × value ÷ s), from -127 to 127, s being the model's `int8_scale` in `GET /v1/models`. `uint8`: that + 128. `ubinary`: a bit " +
          "for each value above 0, eight in a byte, the first in the most significant bit. `binary`: that - 128",
      }),
    embed_dtype: z
      .enum(["float32", ...OUTPUT_TYPES])
      .optional()
      .meta({ description: "vLLM's name for `output_dtype`; its `float32` is `float`" }),
    dimensions: z.number().int().optional().meta({ description: "Must be the model's width, if given" }),
    on_error: onErrorSchema,
    user: z.string().optional(),
  })
  .superRefine((request, context) => {
    const { input, messages, encoding_format, output_dtype: named } = request;
    const output_dtype = outputType(request);
    if (named !== "float" && named !== output_dtype) {
      const message = "embed_dtype and output_dtype mean the same: send one of them";
      context.addIssue({ code: "custom", path: ["embed_dtype"], message, params: { code: "invalid_value" } });
    }
    if (encoding_format === "base64" && output_dtype !== "float") {
      const message =
        `base64 is float32, which SDKs ask for unasked and decode as such; with output_dtype ${output_dtype} send ` +
        '"float" for numbers or "bytes" for base64 of the bytes';
      const params = { code: "invalid_value" };
      context.addIssue({ code: "custom", path: ["encoding_format"], message, params });
    }
    if ((input === undefined) === (messages === undefined)) {
      const message =
        input === undefined ? "input or messages is needed" : "input and messages exclude each other";
      const code = input === undefined ? "missing_field" : "invalid_type";
      context.addIssue({ code: "custom", path: ["input"], message, params: { code } });
    }
  })
  .meta({ id: "EmbeddingsRequest" });

/**
 * Refuses token ids: OpenAI also accepts `[1, 2, 3]` and `[[1, 2, 3]]`.
 * @throws ServiceError `invalid_type`
 */
export function refuseTokenIds(input: unknown): void {
  const one: unknown = Array.isArray(input) ? input[0] : input;
  const first: unknown = Array.isArray(one) ? one[0] : one;
  if (typeof first !== "number") return;
  const message =
    "input: token ids are not accepted, because they come from another model's tokenizer; send the text " +
    "(in LangChain for Python, set check_embedding_ctx_length=False)";
  throw new ServiceError("invalid_type", message, { param: "input" });
}
