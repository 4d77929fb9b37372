/** What an account's Durable Object knows of its batches: their order, and how many are not over. */

export interface BatchPage {
  ids: string[];
  hasMore: boolean;
}

export interface AccountBatchesRpc {
  /** @returns false if `maxOpen` batches are not over */
  addBatch(id: string, maxOpen: number): Promise<boolean>;
  /** The newest first. @param after id of the last one of the page before @returns undefined if there is no such batch */
  listBatches(after: string | null, limit: number): Promise<BatchPage | undefined>;
  /** @param most batches that are worked on at once @returns whether the batch is one of them */
  mayBegin(id: string, most: number): Promise<boolean>;
  /** @returns id of the batch that may begin instead; may be one that has begun, if it is told twice */
  batchOver(id: string, most: number): Promise<string | undefined>;
  /** Takes back a batch that was not made. */
  forgetBatch(id: string): Promise<void>;
}
