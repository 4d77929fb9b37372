/**
 * An end to waiting for a dependency that never answers. Without it, the request hangs until its client gives up, and
 * keeps whatever it holds of the isolate until then. Timers run in deployed Workers as well, whose clocks stand still
 * only while code computes.
 */

/** What did not answer, and for how long. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * @param milliseconds of silence after which to give up
 * @param work calls `alive` at every sign of life; goes on unheard after the deadline, so it must leave nothing broken
 * @throws DeadlineError; whatever `work` throws
 */
export async function withDeadline<T>(
  milliseconds: number,
  work: (alive: () => void) => Promise<T>,
): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const expire = (): void => reject(new DeadlineError(`no answer for ${milliseconds} ms`));
  let isOver = false;
  let timer = setTimeout(expire, milliseconds);
  const alive = (): void => {
    if (isOver) return;
    clearTimeout(timer);
    timer = setTimeout(expire, milliseconds);
  };
  try {
    return await Promise.race([work(alive), silence]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** What a promise comes to if that takes no longer than so many milliseconds, else undefined; it goes on unheard. */
export async function within<T extends object>(
  milliseconds: number,
  awaited: Promise<T>,
): Promise<T | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>();
  // Ended when it is not needed: a request may have 10,000 timers.
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  return await Promise.race([awaited, silence]).finally(() => clearTimeout(timer));
}

/** Milliseconds that each dependency may be silent; the reasons are in `docs/reliability.md`. */
export const DEADLINES = {
  /** A value of KV: without it the answer is computed. */
  kv: 3_000,
  /** Headers of an object in R2, or its next piece. */
  r2: 8_000,
  /** Headers of an answer from the data center's cache, or its next piece: without it R2 is read. */
  cache: 3_000,
  /** A whole object from R2, a write to it or a list of it. */
  r2Body: 15_000,
  /** A message to the queue, or an API key. */
  small: 5_000,
  /** A rate counter: without it the request goes through. */
  rateLimit: 1_000,
  /** Between two signs of life of the decoder, such as its turn among others, or of a tower, which beats every 2 s. */
  worker: 30_000,
} as const;
