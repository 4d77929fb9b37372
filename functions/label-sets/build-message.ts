/** What the queue of label-set builds carries: one message a turn, see `build-claim.ts`. */
import * as z from "zod";

export const buildMessageSchema = z.object({
  account: z.string(),
  id: z.string(),
  /** `<alias>@<revision>`. */
  model: z.string(),
  /** The turn that it gives; messages of releases before claims have none. */
  turn: z.string().optional(),
  /** The part that is probably next. */
  part: z.number().int().optional(),
});

export type BuildMessage = z.infer<typeof buildMessageSchema>;
