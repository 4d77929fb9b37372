/** What `POST /v1/operator/warm_up` takes. */
import * as z from "zod";
import { modelSchema } from "./model.ts";

export const warmUpRequestSchema = z
  .object({
    model: modelSchema,
    after: z.string().max(1024).nullish().meta({ description: "What the last answer said" }),
  })
  .meta({ id: "WarmUpRequest" });
