/** `POST /v1/operator/compute_label_sets`. */
import * as z from "zod";
import { modelSchema } from "./model-name.ts";
import { ownObject } from "./own-object.ts";

export const computeLabelSetsRequestSchema = ownObject({
  model: modelSchema,
  after: z.string().max(1024).optional().meta({ description: "The `after` of the answer before" }),
}).meta({ id: "ComputeLabelSetsRequest" });
