/** Samples something while something else runs, and keeps what was largest. */
import { setTimeout as sleep } from "node:timers/promises";

/** Samples one after the other that may fail: over an hour of sampling, a connection breaks now and then. */
const MAX_FAILED = 3;

/**
 * @param sample by names
 * @param interval milliseconds between samples
 * @returns by name, the sample with the largest total; the last one is taken when `run` is over
 */
export async function largestWhile<Sample extends { total: number }>(
  run: () => Promise<unknown>,
  sample: () => Promise<Iterable<readonly [string, Sample]>>,
  interval: number,
): Promise<Map<string, Sample>> {
  const largest = new Map<string, Sample>();
  const take = async (): Promise<void> => {
    for (const [name, taken] of await sample())
      if (taken.total > (largest.get(name)?.total ?? 0)) largest.set(name, taken);
  };
  const done = new AbortController();
  const sampler = (async () => {
    let failed = 0;
    while (!done.signal.aborted) {
      try {
        await take();
        failed = 0;
      } catch (error) {
        if (++failed > MAX_FAILED) throw error;
      }
      await sleep(interval);
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
  await take();
  return largest;
}
