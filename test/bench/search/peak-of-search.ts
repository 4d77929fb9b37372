/** Most memory of the isolates that a search needs beside the gateway, while something runs. */
import type { SearchService } from "../../search/support/search-service.ts";

const WORKERS = ["edgeclip-search", "edgeclip-state"] as const;
/** Milliseconds between samples. */
const INTERVAL = 20;

export interface Peak {
  wasm: number;
  buffers: number;
  heap: number;
  total: number;
}

/** @returns bytes, by the Worker's name, of the sample with the largest total */
export async function peakOfSearch(
  service: SearchService,
  run: () => Promise<unknown>,
): Promise<Map<string, Peak>> {
  const peaks = new Map<string, Peak>();
  const sample = async (): Promise<void> => {
    for (const name of WORKERS) {
      const { wasm, buffers, heap } = await service.memory(name);
      const total = wasm + buffers + heap;
      if (total > (peaks.get(name)?.total ?? 0)) peaks.set(name, { wasm, buffers, heap, total });
    }
  };
  const done = new AbortController();
  const sampled = (async () => {
    while (!done.signal.aborted) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  })();
  // It is awaited below.
  sampled.catch(() => {});
  try {
    await run();
  } finally {
    done.abort();
    await sampled;
  }
  await sample();
  return peaks;
}
