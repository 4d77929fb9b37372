/** The messages in the queue of label-set builds. Each message carries one turn; see `build-claim.ts`. */
import * as z from "zod";

export const buildMessageSchema = z.object({
  account: z.string(),
  id: z.string(),
  /** `<alias>@<revision>`. */
  model: z.string(),
  /** The turn that the message gives. Messages from releases without claims have none. */
  turn: z.string().optional(),
  /** The part that is probably next. */
  part: z.number().int().optional(),
  /** Attempts at the same part by messages before this one. */
  tried: z.number().int().optional(),
});

export type BuildMessage = z.infer<typeof buildMessageSchema>;
