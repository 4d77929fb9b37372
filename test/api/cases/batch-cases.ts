/** The contract of `/v1/batches`. */
import { type Case, row } from "./contract-row.ts";

const BATCHES = "POST /v1/batches";
const batch = { input_file_id: "file-x", endpoint: "/v1/classify", completion_window: "24h" };

export function batchCases(): Case[] {
  return [
    row(BATCHES, "an unknown file", batch, 404, "file_not_found", "input_file_id"),
    row(BATCHES, "no file", { ...batch, input_file_id: null }, 400, "missing_field", "input_file_id"),
    row(BATCHES, "another endpoint", { ...batch, endpoint: "/v1/files" }, 400, "invalid_value", "endpoint"),
    row(BATCHES, "an hour", { ...batch, completion_window: "1h" }, 400, "invalid_value", "completion_window"),
    row(BATCHES, "a number as metadata", { ...batch, metadata: { k: 1 } }, 400, "invalid_type", "metadata.k"),
    row("GET /v1/batches", "the list", undefined, 200),
    row("GET /v1/batches?limit=101", "a page of too many", undefined, 400, "invalid_type", "limit"),
    row("GET /v1/batches?after=batch_x", "after an unknown one", undefined, 404, "batch_not_found", "after"),
    row("GET /v1/batches/batch_x", "an unknown one", undefined, 404, "batch_not_found", "batch_id"),
    row("POST /v1/batches/batch_x/cancel", "an unknown one", undefined, 404, "batch_not_found", "batch_id"),
  ];
}
