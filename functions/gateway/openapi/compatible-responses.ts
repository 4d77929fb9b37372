/** The shapes of answers that are Cohere's or Hugging Face's. */
import * as z from "zod";
import { cohereMetaSchema, model, usageSchema } from "./responses.ts";

const vector = z.array(z.number()).meta({ description: "Unit length" });

export const cohereEmbedResponseSchema = z
  .object({
    id: z.string(),
    response_type: z.literal("embeddings_by_type"),
    embeddings: z
      .object({
        float: z.array(vector).optional(),
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
