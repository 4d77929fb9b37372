/** The message that sends a batch on its way, or further: somebody is to take the next piece of work. */
import * as z from "zod";

export const batchMessageSchema = z.object({ kind: z.literal("batch"), account: z.string(), id: z.string() });

export type BatchMessage = z.infer<typeof batchMessageSchema>;
