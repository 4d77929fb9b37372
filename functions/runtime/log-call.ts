import type { Loaded } from "./model-store/source-report.ts";

/** One line of a Worker's log for a call that it answered: with the gateway's line of the same id, a request's trace. */

export function logCall(worker: string, request: string, details: Record<string, number | string>): void {
  console.log(JSON.stringify({ request, worker, ...details }));
}

/** What loading a tower took, as fields of the line. */
export function loadedFields({ from, repaired, ...ms }: Loaded): Record<string, number | string> {
  return {
    loaded_from: from,
    ...(repaired.length > 0 && { repaired: repaired.join(",") }),
    manifest_ms: ms.manifestMs,
    shards_ms: ms.shardsMs,
    ready_ms: ms.readyMs,
  };
}
