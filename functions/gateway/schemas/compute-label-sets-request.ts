/** `POST /v1/operator/compute_label_sets`. */
import * as z from "zod";
import { modelSchema } from "./fields/model-name.ts";
import { ownObject } from "./fields/own-object.ts";

export const computeLabelSetsRequestSchema = ownObject({
  model: modelSchema,
  after: z.string().max(1024).optional().meta({ description: "The `after` of the answer before" }),
  remove_former: z.boolean().default(false).meta({
    description:
      "True to delete the vectors that release 0.1.0 stored of the sets that are computed: it will not serve again",
  }),
}).meta({ id: "ComputeLabelSetsRequest" });
