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
  batchOver(id: string): Promise<void>;
  /** Takes back a batch that was not made. */
  forgetBatch(id: string): Promise<void>;
}
