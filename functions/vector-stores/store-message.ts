/** Messages about vector stores, for the jobs Worker. */
import * as z from "zod";

/** Somebody is to take the store's next piece of work. */
export const storeMessageSchema = z.object({
  kind: z.literal("vector-store"),
  account: z.string(),
  id: z.string(),
});

/** The account's file is deleted, and goes from its stores. */
export const storedFileMessageSchema = z.object({
  kind: z.literal("vector-store-file"),
  account: z.string(),
  fileId: z.string(),
});

export type StoreMessage = z.infer<typeof storeMessageSchema>;
export type StoredFileMessage = z.infer<typeof storedFileMessageSchema>;
