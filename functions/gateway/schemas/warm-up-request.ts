/** What `POST /v1/operator/warm_up` takes. */
import * as z from "zod";
import { modelSchema } from "./model.ts";
import { ownObject } from "./own-object.ts";

export const warmUpRequestSchema = ownObject({
  model: modelSchema,
  after: z.string().max(1024).optional().meta({ description: "What the last answer said" }),
}).meta({ id: "WarmUpRequest" });
