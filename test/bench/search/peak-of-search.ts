/** Most memory of the isolates that a search needs beside the gateway, while something runs. */
import type { SearchService } from "../../search/support/search-service.ts";
import { largestWhile } from "../../support/memory/largest-while.ts";

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
  const sample = async (): Promise<[string, Peak][]> =>
    await Promise.all(
      WORKERS.map(async (name): Promise<[string, Peak]> => {
        const { wasm, buffers, heap } = await service.memory(name);
        return [name, { wasm, buffers, heap, total: wasm + buffers + heap }];
      }),
    );
  return await largestWhile(run, sample, INTERVAL);
}
