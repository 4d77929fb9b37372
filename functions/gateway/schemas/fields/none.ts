/** `none` of a classification: prompts that stand for "none of these labels". */
import * as z from "zod";
import { MAX_NONE_BIAS, MAX_NONE_PROMPTS } from "../../limits.ts";
import { ownObject } from "./own-object.ts";
import { textSchema } from "./text.ts";
import { list } from "./list.ts";

/** Prompts for `true`. docs/thresholds.md compares them with others. */
export const DEFAULT_NONE = ["something", "a photo of an object."];

export interface NoneOption {
  prompts: readonly string[];
  /** Logits that are added to the prompts' own. */
  bias: number;
}

const promptsSchema = list(textSchema)
  .min(1, "at least one prompt is needed")
  .max(MAX_NONE_PROMPTS, `at most ${MAX_NONE_PROMPTS} prompts`)
  .meta({ description: "Neutral descriptions, used unchanged. CLIP does not read negations" });

const biasSchema = z
  .number()
  .min(-MAX_NONE_BIAS, `must be between -${MAX_NONE_BIAS} and ${MAX_NONE_BIAS}`)
  .max(MAX_NONE_BIAS, `must be between -${MAX_NONE_BIAS} and ${MAX_NONE_BIAS}`)
  .meta({ description: "In logits. More of it, and more pictures are none of the labels" });

export const noneSchema = z
  .union(
    [
      z.boolean(),
      promptsSchema,
      ownObject({ prompts: promptsSchema.optional(), bias: biasSchema.default(0) }),
    ],
    { error: "must be true, a list of prompts, or an object with prompts and bias" },
  )
  .transform((value): NoneOption | undefined => {
    if (value === false) return undefined;
    if (value === true) return { prompts: DEFAULT_NONE, bias: 0 };
    if (Array.isArray(value)) return { prompts: value, bias: 0 };
    const { prompts = DEFAULT_NONE, bias } = value;
    return { prompts, bias };
  })
  .meta({
    description:
      "Prompts that stand for none of the labels. They join the softmax as one rival, whose logit is the log-mean-exp " +
      "of theirs plus `bias`. If it wins, `prediction` is null. `true`: " +
      DEFAULT_NONE.map((prompt) => `\`${prompt}\``).join(", "),
  });
