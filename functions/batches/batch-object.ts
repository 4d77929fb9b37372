/** A batch as OpenAI describes it. */

/** The endpoints whose requests a batch may hold. */
export const BATCH_ENDPOINTS = ["/v1/classify", "/v1/similarity", "/v1/embeddings", "/v1/rerank"] as const;
export type BatchEndpoint = (typeof BATCH_ENDPOINTS)[number];

export type BatchStatus =
  | "validating"
  | "failed"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "expired"
  | "cancelling"
  | "cancelled";

/** What is wrong with the input, or why a batch failed. */
export interface BatchError {
  code: string;
  message: string;
  param: string | null;
  /** Line of the input file, from 1 on. */
  line: number | null;
}

/** All times are seconds since 1970. */
export interface BatchObject {
  id: string;
  object: "batch";
  endpoint: BatchEndpoint;
  errors: { object: "list"; data: BatchError[] } | null;
  input_file_id: string;
  completion_window: "24h";
  status: BatchStatus;
  output_file_id: string | null;
  error_file_id: string | null;
  created_at: number;
  in_progress_at: number | null;
  expires_at: number;
  finalizing_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  expired_at: number | null;
  cancelling_at: number | null;
  cancelled_at: number | null;
  request_counts: { total: number; completed: number; failed: number };
  metadata: Record<string, string> | null;
}

/** True once nothing of the batch will change any more. */
export function isOver({ status }: BatchObject): boolean {
  return status === "completed" || status === "failed" || status === "expired" || status === "cancelled";
}
