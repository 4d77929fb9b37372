/** Several texts and pictures as one item: its vector is the unit vector of their weighted sum. */
import * as z from "zod";
import { MAX_MIX_PARTS, MAX_MIX_WEIGHT } from "../../limits.ts";
import { IMAGE_SHAPES, type ImageReference, toReference } from "./image.ts";
import { list } from "./list.ts";
import { textSchema } from "./text.ts";

export type MixPart = ({ text: string } | { image: ImageReference }) & { weight: number };

export interface Mix {
  mix: readonly MixPart[];
}

const weight = z
  .number()
  .min(-MAX_MIX_WEIGHT, `must be between -${MAX_MIX_WEIGHT} and ${MAX_MIX_WEIGHT}`)
  .max(MAX_MIX_WEIGHT, `must be between -${MAX_MIX_WEIGHT} and ${MAX_MIX_WEIGHT}`)
  .default(1)
  .meta({ description: "Only the ratios of weights matter. A negative one moves away from the part" });

const mixPartSchema = z
  .union(
    [
      z
        .object({ type: z.literal("text"), text: textSchema, weight })
        .transform((part): MixPart => ({ text: part.text, weight: part.weight })),
      z
        .object({ ...IMAGE_SHAPES.contentPart, weight })
        .transform((part): MixPart => ({ image: part.image_url.url, weight: part.weight })),
      z
        .object({ ...IMAGE_SHAPES.image, weight })
        .transform((part): MixPart => ({ image: part.image, weight: part.weight })),
      z
        .object({ ...IMAGE_SHAPES.storedFile, weight })
        .transform((part): MixPart => ({ image: toReference(part), weight: part.weight })),
    ],
    { error: 'must be a part of a mix: {"type": "text", "text": …} or an image object, each with a weight' },
  )
  .meta({ id: "MixPart" });

export const mixPartsSchema = list(mixPartSchema)
  .min(1, "at least one part is needed")
  .max(MAX_MIX_PARTS, `at most ${MAX_MIX_PARTS} parts`);

export const mixSchema = z
  .object({ content: mixPartsSchema })
  .transform(({ content }): Mix => ({ mix: content }))
  .meta({ id: "Mix" });
