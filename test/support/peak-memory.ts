/** Measures the peak memory of each isolate while something runs. */
import type { IsolateMemory } from "./isolate-memory.ts";
import { totalBytes, type Workers } from "./workers.ts";

export type PeakMemory = IsolateMemory & { wasmBytes: number; total: number };

/** Milliseconds between samples; an isolate answers between two inferences. */
const INTERVAL = 20;
/** Samples one after the other that may fail: over an hour of sampling, a connection breaks now and then. */
const MOST_FAILED = 3;

/**
 * @param interval milliseconds between samples
 * @returns by the Worker's name, the sample with the largest total
 */
export async function peakMemory(
  workers: Workers,
  run: () => Promise<unknown>,
  interval = INTERVAL,
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
    let failed = 0;
    while (!done.signal.aborted) {
      try {
        await sample();
        failed = 0;
      } catch (error) {
        if (++failed > MOST_FAILED) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  })();
  // It is awaited below.
  sampler.catch(() => {});
  try {
    await run();
  } finally {
    done.abort();
    await sampler;
  }
  await sample();
  return peaks;
}
