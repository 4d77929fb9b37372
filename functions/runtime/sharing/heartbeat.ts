/** Gives signs of life while a request awaits slow work, so that others do not take it for ended. */

/**
 * Milliseconds between two beats. Several fit into `LEASE_MS` of `lease.ts`, the shortest silence after which a request
 * counts as ended.
 */
const INTERVAL_MS = 2_000;

/**
 * Awaits `work` and calls `beat` every two seconds meanwhile. The beats come from timers of the waiting request. They
 * stop when that request ends, so what they kept alive expires. They set no limit on the work, which needs deadlines of
 * its own.
 * @param work its signal is aborted when a beat fails; from then on nobody awaits it
 * @throws what `work` or a beat throws
 */
export async function withHeartbeat<T>(
  beat: () => void | Promise<void>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const { promise: failure, reject } = Promise.withResolvers<never>();
  const next = async (): Promise<void> => {
    try {
      await beat();
      if (!stop.signal.aborted) timer = setTimeout(() => void next(), INTERVAL_MS);
    } catch (error) {
      reject(error);
    }
  };
  let timer = setTimeout(() => void next(), INTERVAL_MS);
  try {
    return await Promise.race([work(stop.signal), failure]);
  } finally {
    stop.abort();
    clearTimeout(timer);
  }
}
