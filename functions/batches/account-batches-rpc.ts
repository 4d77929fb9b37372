/** What an account's Durable Object knows of its batches: their order, how many are not over, and what they store. */

export interface BatchPage {
  ids: string[];
  hasMore: boolean;
}

export interface AccountBatchesRpc {
  /** @returns false if `maxOpen` batches are not over */
  addBatch(id: string, maxOpen: number): Promise<boolean>;
  /**
   * The newest first.
   * @param after id of the last one of the page before
   * @returns undefined if there is no such batch
   */
  listBatches(after: string | null, limit: number): Promise<BatchPage | undefined>;
  /** @param most batches that are worked on at once @returns whether the batch is one of them, and so has begun */
  mayBegin(id: string, most: number): Promise<boolean>;
  /**
   * Notes that a batch is over.
   * @param most batches that are worked on at once
   * @returns ids of all batches that may now begin and have not. If an answer with some was lost, they come again
   */
  batchOver(id: string, most: number): Promise<string[]>;
  /**
   * Counts the answers of a batch among what the account stores, until the batch is over.
   * @param bytes of all its answers
   * @param maxStored bytes that the account may store
   * @returns whether it stores no more than that
   */
  storeAnswers(id: string, bytes: number, maxStored: number): Promise<boolean>;
  /** Takes back a batch that was not made. */
  forgetBatch(id: string): Promise<void>;
}
