/** Signs of life while something slow is awaited, so that slow is not taken for gone. */

/** Milliseconds between two beats. Several fit into the shortest silence that counts as gone, `LEASE_MS`. */
const INTERVAL_MS = 2_000;

/**
 * Awaits `work` and calls `beat` every two seconds meanwhile. The beats come from timers of the request that waits: they
 * stop when it ends, so what they keep alive for it expires. They do not bound the work, which needs deadlines of its own.
 * @param work is told by the signal when a beat has failed; nobody awaits it from then on
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
