/** Objects of the client's own keys: metadata as OpenAI has them, and a picture's attributes. */
import * as z from "zod";
import { MAX_ATTRIBUTE_BYTES } from "../../../vector-stores/store-limits.ts";
import type { Attributes } from "../../../vector-stores/stored-picture.ts";
import { LIFTED } from "../../../json/lift-strings.ts";
import { MAX_METADATA, MAX_METADATA_KEY, MAX_METADATA_VALUE } from "../../limits.ts";
import { ILL_FORMED } from "./short-string.ts";

/** A pair that is wrong. */
interface Fault {
  message: string;
  code: string;
}

/** Zod's objects leave this key out without notice. */
const withoutPrototype = z.unknown().refine((given) => !Object.hasOwn(Object(given) as object, "__proto__"), {
  error: "a key must not be __proto__",
  params: { code: "invalid_value" },
  abort: true,
});

function isShortKey(key: string): boolean {
  return key.length <= MAX_METADATA_KEY && !key.startsWith(LIFTED);
}

/**
 * Not zod's record, which keeps an issue for each wrong pair, even for a million pairs: they are counted first.
 * @param faultOf says what is wrong with a value
 */
function pairs<Value>(what: string, faultOf: (value: unknown) => Fault | undefined) {
  return withoutPrototype
    .pipe(z.looseObject({}))
    .refine((given) => Object.keys(given).length <= MAX_METADATA, {
      error: `at most ${MAX_METADATA} ${what}`,
      params: { code: "too_many_items" },
      abort: true,
    })
    .refine((given) => Object.keys(given).every(isShortKey), {
      error: `a key has at most ${MAX_METADATA_KEY} characters`,
      params: { code: "too_long" },
      abort: true,
    })
    .refine((given) => Object.keys(given).every((key) => key.isWellFormed()), {
      error: `a key ${ILL_FORMED}`,
      params: { code: "invalid_value" },
      abort: true,
    })
    .superRefine((given, context) => {
      for (const [key, value] of Object.entries(given)) {
        const fault = faultOf(value);
        if (fault === undefined) continue;
        const { message, code } = fault;
        context.addIssue({ code: "custom", path: [key], message, params: { code } });
        return;
      }
    })
    .transform((given) => given as Record<string, Value>);
}

function faultOfText(text: string): Fault | undefined {
  if (text.length > MAX_METADATA_VALUE || text.startsWith(LIFTED)) {
    return { message: `a value has at most ${MAX_METADATA_VALUE} characters`, code: "too_long" };
  }
  return text.isWellFormed() ? undefined : { message: `a value ${ILL_FORMED}`, code: "invalid_value" };
}

export const metadataSchema = pairs<string>("pairs", (value) =>
  typeof value === "string" ? faultOfText(value) : { message: "must be a string", code: "invalid_type" },
).meta({ override: { type: "object", additionalProperties: { type: "string" } } });

/** What search filters by. Numbers are finite: JSON's `1e999` is not. */
export const attributesSchema = pairs<string | number | boolean>("attributes", (value) => {
  if (typeof value === "string") return faultOfText(value);
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return undefined;
  return { message: "must be a string, a number, or true or false", code: "invalid_type" };
})
  .refine((attributes) => bytesOf(attributes) <= MAX_ATTRIBUTE_BYTES, {
    error: `at most ${MAX_ATTRIBUTE_BYTES} bytes as JSON in UTF-8`,
    params: { code: "too_long" },
  })
  .meta({
    id: "Attributes",
    override: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
    description: `Up to ${MAX_METADATA} values that searches filter by, ${MAX_ATTRIBUTE_BYTES} bytes as JSON together`,
  });

function bytesOf(attributes: Attributes): number {
  return new TextEncoder().encode(JSON.stringify(attributes)).byteLength;
}
