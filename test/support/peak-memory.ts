/** Measures the peak memory of each isolate while something runs. */
import type { IsolateMemory } from "./isolate-memory.ts";
import { totalBytes, type Workers } from "./workers.ts";

export type PeakMemory = IsolateMemory & { wasmBytes: number; total: number };

/** Milliseconds between samples; an isolate answers between two inferences. */
const INTERVAL = 20;

/** @returns by the Worker's name, the sample with the largest total */
export async function peakMemory(
  workers: Workers,
  run: () => Promise<unknown>,
): Promise<Map<string, PeakMemory>> {
  const peaks = new Map<string, PeakMemory>();
  const sample = async (): Promise<void> => {
    for (const [name, memory] of await workers.memory()) {
      const total = totalBytes(memory);
      if (total > (peaks.get(name)?.total ?? 0)) peaks.set(name, { ...memory, total });
    }
  };
  const done = new AbortController();
  const sampler = (async () => {
    while (!done.signal.aborted) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  })();
  try {
    await run();
  } finally {
    done.abort();
    await sampler;
  }
  await sample();
  return peaks;
}
