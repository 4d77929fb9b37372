/** File batches, as the Durable Object of their vector store keeps them. */
import type { FileCounts, Refusal } from "./store-state-rpc.ts";
import type { Attributes } from "./stored-picture.ts";

export interface NewFileBatch {
  /** `vsfb_…` */
  id: string;
  /** The key that made it; its pictures are embedded on its account. null on a deployment without keys. */
  keyId: string | null;
  tier: string;
  /** Each file once; at most `MAX_BATCH_FILES`. */
  files: { fileId: string; attributes: Attributes }[];
}

export interface FileBatchFacts {
  id: string;
  /** Seconds since 1970. */
  createdAt: number;
  status: "in_progress" | "completed" | "cancelled" | "failed";
  /** Counts of the files that it was made with. One that went from the store before it was embedded is cancelled. */
  counts: FileCounts;
}

export interface FileBatchRpc {
  /**
   * A file whose picture the store has is completed at once, with the batch's attributes: its bytes are the same.
   * The others wait for the jobs Worker, so a message must be sent.
   * @param maxPictures of the store
   */
  createBatch(batch: NewFileBatch, maxPictures: number): Promise<FileBatchFacts | Refusal>;
  /** @returns undefined if there is no such batch, or no such store */
  batch(id: string): Promise<FileBatchFacts | undefined>;
  /** Files that wait are cancelled. One that is over is left as it is. */
  cancelBatch(id: string): Promise<FileBatchFacts | undefined>;
}
