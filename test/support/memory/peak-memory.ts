/** Measures the peak memory of each isolate while something runs. */
import type { IsolateMemory } from "./isolate-memory.ts";
import { largestWhile } from "./largest-while.ts";
import { totalBytes, type Workers } from "../workers.ts";

export type PeakMemory = IsolateMemory & { wasmBytes: number; total: number };

/** Milliseconds between samples; an isolate answers between two inferences. */
const INTERVAL = 20;

/**
 * @param interval milliseconds between samples
 * @returns by the Worker's name, the sample with the largest total
 */
export async function peakMemory(
  workers: Workers,
  run: () => Promise<unknown>,
  interval = INTERVAL,
): Promise<Map<string, PeakMemory>> {
  const sample = async (): Promise<[string, PeakMemory][]> =>
    [...(await workers.memory())].map(([name, memory]) => [name, { ...memory, total: totalBytes(memory) }]);
  return await largestWhile(run, sample, interval);
}
