/** The model that a request is for. */
import * as z from "zod";

export const modelSchema = z
  .string()
  .nullish()
  .meta({ description: "Id or alias of a model; the deployment's first if not given" });
