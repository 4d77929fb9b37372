/** What `POST /v1/operator/compute_label_sets` takes. */
import * as z from "zod";
import { modelSchema } from "./model-name.ts";
import { ownObject } from "./own-object.ts";

export const computeLabelSetsRequestSchema = ownObject({
  model: modelSchema,
  after: z.string().max(1024).optional().meta({ description: "What the last answer said" }),
}).meta({ id: "ComputeLabelSetsRequest" });
