import type { Loaded } from "./model-store/source-report.ts";

/**
 * Logs one line for a call that a Worker answered. The gateway's line has the same id, so both together trace a
 * request.
 */

export function logCall(worker: string, request: string, details: Record<string, number | string>): void {
  console.log(JSON.stringify({ request, worker, ...details }));
}

/** The times of loading a tower, as fields of the line. */
export function loadedFields({ from, repaired, ...ms }: Loaded): Record<string, number | string> {
  return {
    loaded_from: from,
    ...(repaired.length > 0 && { repaired: repaired.join(",") }),
    manifest_ms: ms.manifestMs,
    shards_ms: ms.shardsMs,
    ready_ms: ms.readyMs,
  };
}
