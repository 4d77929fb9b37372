/**
 * Limits how long a request waits for a dependency that does not answer. Without a limit, the request hangs until its
 * client gives up, and keeps what it holds in the isolate until then. Timers work in deployed Workers too: their clocks
 * stand still only while code computes.
 */

/** A dependency did not answer within its deadline. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * @param milliseconds milliseconds without a sign of life after which to give up
 * @param work must call `alive` at every sign of life. It continues after the deadline, and its outcome is ignored then
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

/** The value of a promise if it settles within `milliseconds`, else undefined; a later outcome is ignored. */
export async function within<T extends object>(
  milliseconds: number,
  awaited: Promise<T>,
): Promise<T | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>();
  // Cleared when it is not needed any more: a request may have at most 10,000 timers.
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  return await Promise.race([awaited, silence]).finally(() => clearTimeout(timer));
}

/** Milliseconds that each dependency may be silent. `docs/reliability.md` says what happens when each expires. */
export const DEADLINES = {
  /** A value of KV; if it does not come, it is computed. */
  kv: 3_000,
  /** A value on its way to KV after the answer; the platform ends what is left 30 s after that. */
  kvWrite: 25_000,
  /** Headers of an object in R2, or its next piece. */
  r2: 8_000,
  /** Headers of an answer from the data center's cache, or its next piece; if they do not come, R2 is read. */
  cache: 3_000,
  /** A whole object from R2, a write to it or a list of it. */
  r2Body: 15_000,
  /** A whole object from R2 to R2, 95 MB at the most. */
  r2Copy: 60_000,
  /** A message to the queue, an API key, a call to a Durable Object, or a health check. */
  small: 5_000,
  /** A rate counter; if it does not answer, the request is allowed. */
  rateLimit: 1_000,
  /** Between two signs of life of the decoder, such as its turn among others, or of a tower, which beats every 2 s. */
  worker: 30_000,
} as const;
