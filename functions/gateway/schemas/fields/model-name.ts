/** The field `model`, the same in all requests that have it. */
import { MAX_NAME_LENGTH } from "../../limits.ts";
import { shortString } from "./short-string.ts";

export const modelSchema = shortString(MAX_NAME_LENGTH)
  .optional()
  .meta({ description: "Id or alias of a model; by default the deployment's first model" });
