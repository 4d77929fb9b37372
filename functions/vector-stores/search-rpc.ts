/** The call of the gateway to the search Worker. */
import type { RpcResult, WorkerStats } from "../runtime/rpc.ts";
import type { Filter } from "./filter.ts";
import type { PictureFacts } from "./stored-picture.ts";

export interface SearchRequest {
  account: string;
  store: string;
  /** `<alias>@<revision>` the queries were embedded with. */
  model: string;
  /** float32, unit length, one a query. A picture's score is its highest. */
  queries: Float32Array[];
  filter: Filter | null;
  /** At most so many pictures. */
  limit: number;
  /** No picture with a lower cosine; null: all. */
  minScore: number | null;
}

export interface Match {
  picture: PictureFacts;
  /** The cosine, -1 to 1. */
  score: number;
}

export interface SearchResult {
  /** The best first. Equal scores: the older row first. */
  matches: Match[];
  /** Whether pictures beyond the limit would have matched. */
  hasMore: boolean;
  /** Pictures that were compared. */
  scanned: number;
  /** Objects read from R2 for it, and their bytes. */
  reads: number;
  bytesRead: number;
}

export interface SearchRpc {
  /**
   * Throws ServiceError `vector_store_not_found`, `vector_store_expired`, `store_model_mismatch`, or `overloaded` while
   * R2 or the store's object does not answer.
   */
  search(request: SearchRequest, requestId: string): Promise<RpcResult<SearchResult>>;
  /** `runs` are searches. */
  stats(): Promise<WorkerStats>;
}
