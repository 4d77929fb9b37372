/** The shapes of answers that are Cohere's or Hugging Face's. */
import * as z from "zod";
import { cohereMetaSchema, model, usageSchema } from "./responses.ts";

const vector = z.array(z.number()).meta({ description: "Unit length" });

const bytes = z.array(z.array(z.number().int())).optional();

export const cohereEmbedResponseSchema = z
  .object({
    id: z.string(),
    response_type: z.literal("embeddings_by_type"),
    embeddings: z
      .object({
        float: z.array(vector).optional(),
        int8: bytes,
        uint8: bytes,
        binary: bytes.meta({ description: "Eight values in a number" }),
        ubinary: bytes.meta({ description: "Eight values in a number" }),
        base64: z.array(z.string()).optional().meta({ description: "Little-endian float32" }),
      })
      .meta({ id: "CohereEmbeddings" }),
    ...model,
    meta: cohereMetaSchema,
    usage: usageSchema,
  })
  .meta({ id: "CohereEmbedResponse" });

export const zeroShotResponseSchema = z
  .array(z.object({ label: z.string(), score: z.number().min(0).max(1) }).meta({ id: "ZeroShotLabel" }))
  .meta({ id: "ZeroShotImageClassificationResponse" });

export const featureExtractionResponseSchema = z
  .union([vector, z.array(vector)])
  .meta({ id: "FeatureExtractionResponse" });
