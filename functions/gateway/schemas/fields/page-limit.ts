/** How many entries of a list are asked for. */
import * as z from "zod";
import { DEFAULT_PAGE, MAX_PAGE } from "../../limits.ts";

export const pageLimitSchema = z.coerce
  .number()
  .int()
  .min(1, "must be at least 1")
  .max(MAX_PAGE, `at most ${MAX_PAGE}`)
  .default(DEFAULT_PAGE);
