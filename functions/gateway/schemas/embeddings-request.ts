/** `POST /v1/embeddings`: OpenAI's request, whose inputs may also be images, or vLLM's request with messages. */
import * as z from "zod";
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_INPUTS, MAX_MESSAGES } from "../limits.ts";
import { imageObjectSchema } from "./image.ts";
import { type Item, limitImages, mixedItemSchema } from "./item.ts";
import { modelSchema } from "./model-name.ts";
import { onErrorSchema } from "./on-error.ts";
import { textSchema } from "./text.ts";
import { list } from "./list.ts";

export const inputSchema = z
  .union(
    [
      mixedItemSchema.transform((item) => [item]),
      list(mixedItemSchema, {
        error: "must be a string, an image object or a list of them",
      })
        .min(1, "at least one input is needed")
        .max(MAX_INPUTS, `at most ${MAX_INPUTS} inputs`)
        .superRefine(limitImages),
    ],
    { error: "must be a string, an image object or a list of them" },
  )
  .meta({ description: "Texts, image objects, or a list of both; a plain string is always a text" });

/** A part of a message. */
export const partSchema = z.union(
  [
    z.object({ type: z.literal("text"), text: textSchema }).transform(({ text }): Item => ({ text })),
    imageObjectSchema.transform((image): Item => ({ image })),
  ],
  { error: 'must be a part of a message: {"type": "text", "text": …} or an image object' },
);

const messageSchema = z
  .object({
    role: z.string(),
    content: z.union([textSchema.transform((text): Item[] => [{ text }]), list(partSchema)], {
      error: "must be a text or a list of parts",
    }),
  })
  .meta({ id: "Message" });

const messagesSchema = list(messageSchema)
  .min(1, "at least one message is needed")
  .max(MAX_MESSAGES, `at most ${MAX_MESSAGES} messages`)
  .transform((messages, context): Item[] => [
    itemOfParts(
      messages.flatMap(({ content }) => content),
      context,
    ),
  ]);

/** The one item of which a vector is made: a picture, or texts on lines of their own. */
export function itemOfParts(parts: readonly Item[], context: z.RefinementCtx): Item {
  const texts = parts.flatMap((part) => ("text" in part ? [part.text] : []));
  if (texts.length === parts.length && texts.length > 0) return { text: texts.join("\n") };
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  context.addIssue({ code: "custom", message: "must hold texts or one image: one vector is made of it" });
  return z.NEVER;
}

export const embeddingsRequestSchema = z
  .object({
    model: modelSchema,
    input: inputSchema.optional(),
    messages: messagesSchema.optional().meta({ description: "Texts, or one image; gives one vector" }),
    encoding_format: z.enum(["float", "base64"]).default("float"),
    dimensions: z.number().int().optional().meta({ description: "Must be the model's width, if given" }),
    on_error: onErrorSchema,
    user: z.string().optional(),
  })
  .superRefine(({ input, messages }, context) => {
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
