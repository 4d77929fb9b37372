/** Options of the commands that compare a model in int8 with float32. */
import { UsageError } from "../../build/command-line/usage-error.ts";
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
  about: "number of pictures, and of texts, to measure with",
} as const;

/** @throws UsageError unless it is a cosine below 1 */
export function parseFloor(text: string): number {
  const floor = text === "" ? NaN : Number(text);
  if (!(floor >= 0 && floor < 1)) throw new UsageError(`--floor is ${text}; it is a cosine below 1`);
  return floor;
}

/** @throws UsageError unless it is a number from 1 to `SAMPLE_COUNT` */
export function parseSamples(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= SAMPLE_COUNT) return count;
  throw new UsageError(`--samples is ${text}; there are 1 to ${SAMPLE_COUNT}`);
}
