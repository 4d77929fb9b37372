/** An example of a label: a picture, or the vector of one. */
import * as z from "zod";
import { decodeBase64 } from "../../base64.ts";
import { MAX_EMBEDDING_VALUES, MAX_EXAMPLES, MAX_EXAMPLES_PER_LABEL, MAX_NAME_LENGTH } from "../../limits.ts";
import { type ImageReference, imageSchema } from "./image.ts";
import { list, type Refusal } from "./list.ts";
import { ownObject } from "./own-object.ts";
import { shortString } from "./short-string.ts";

/** @property revision of the model that the vector is from */
export type Example = { image: ImageReference } | { embedding: Float32Array; revision: string };

const VALUE_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Characters of base64, of three bytes four. */
const MAX_BASE64 = Math.ceil((MAX_EMBEDDING_VALUES * VALUE_BYTES) / 3) * 4;

const numbers = list(z.number(), { isRight: Number.isFinite })
  .min(1, "must not be empty")
  .max(MAX_EMBEDDING_VALUES, `at most ${MAX_EMBEDDING_VALUES} values`)
  .transform((values, context) => {
    const floats = Float32Array.from(values);
    if (areFinite(floats)) return floats;
    const message = "has values that float32 cannot hold";
    context.addIssue({ code: "custom", message, params: { code: "invalid_value" } });
    return z.NEVER;
  });

const base64 = shortString(MAX_BASE64).transform((text, context) => {
  const bytes = decodeBase64(text);
  const values = bytes === undefined ? undefined : floatsOf(bytes);
  if (values !== undefined) return values;
  const message = "must be base64 of float32 values, little-endian";
  context.addIssue({ code: "custom", message, params: { code: "invalid_value" } });
  return z.NEVER;
});

/** @returns undefined unless the bytes are finite numbers */
function floatsOf(bytes: Uint8Array<ArrayBuffer>): Float32Array | undefined {
  if (bytes.length === 0 || bytes.length % VALUE_BYTES !== 0) return undefined;
  const values = new Float32Array(bytes.buffer);
  return areFinite(values) ? values : undefined;
}

function areFinite(values: Float32Array): boolean {
  return values.every((value) => Number.isFinite(value));
}

/** A vector, of any norm but with finite values: as numbers or as base64. */
export const vectorSchema = z.union([numbers, base64], { error: "must be a list of numbers or base64" });

const exampleSchema = z
  .union(
    [
      imageSchema.transform((image): Example => ({ image })),
      ownObject({
        embedding: vectorSchema.meta({
          description: "A picture's vector, as numbers or as base64 of little-endian float32",
        }),
        revision: shortString(MAX_NAME_LENGTH).optional().meta({
          description:
            "Needed: `revision` of the answer that the vector is from, because vectors of other models cannot be compared",
        }),
      }).transform(({ embedding, revision }, context): Example => {
        if (revision !== undefined) return { embedding, revision };
        const message = "is missing: the revision of the answer that the vector is from";
        context.addIssue({ code: "custom", path: ["revision"], message, params: { code: "missing_field" } });
        return z.NEVER;
      }),
    ],
    { error: "must be an image, or an object with an embedding and its revision" },
  )
  .meta({ id: "Example" });

export const examplesSchema = list(exampleSchema)
  .min(1, "at least one example is needed")
  .max(MAX_EXAMPLES_PER_LABEL, `at most ${MAX_EXAMPLES_PER_LABEL} examples a label`)
  .meta({
    description:
      "Pictures of the label, or their vectors: the more a picture is like them, the higher the label's logit. A vector " +
      "belongs to the model's revision",
  });

/** Refuses labels that have too many examples together, before any is decoded. @param labels as they were sent */
export function limitExamples(labels: readonly unknown[]): Refusal | undefined {
  let count = 0;
  for (const label of labels) {
    const { examples } = (label ?? {}) as { examples?: unknown };
    if (Array.isArray(examples)) count += examples.length;
  }
  if (count <= MAX_EXAMPLES) return undefined;
  return { message: `at most ${MAX_EXAMPLES} examples of all labels together`, code: "too_many_items" };
}
