/** The options of commands that measure a model in int8 against float32. */
import { UsageError } from "../../build/command-line/usage-error.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { SAMPLE_COUNT } from "./samples.ts";

export const DEFAULT_FLOOR = 0.999;
export const DEFAULT_SAMPLES = 3;

export const FLOOR_OPTION = {
  type: "string",
  value: "<cosine>",
  default: String(DEFAULT_FLOOR),
  about: "least cosine to fp32 of a block and of the embeddings",
} as const;

export const SAMPLES_OPTION = {
  type: "string",
  value: "<count>",
  default: String(DEFAULT_SAMPLES),
  about: "pictures and texts to measure with",
} as const;

/** @throws UsageError for anything but a cosine */
export function parseFloor(text: string): number {
  const floor = text === "" ? NaN : Number(text);
  if (!(floor >= 0 && floor < 1))
    throw new UsageError(`--floor is a cosine from 0 to below 1, not "${text}"`);
  return floor;
}

/** @throws UsageError for more than there are, or none */
export function parseSamples(text: string): number {
  return wholeNumber("--samples", text, { most: SAMPLE_COUNT });
}
