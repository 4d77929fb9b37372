/**
 * Which isolate answers. How long a platform lets isolates live it does not say; two reports with a pause between them
 * show whether one lived on.
 */

export interface Isolate {
  /** Random. */
  id: string;
  /** Milliseconds since its first request. */
  ageMs: number;
}

const ID_DIGITS = 8;

let own: { id: string; begun: number } | undefined;

/** Called by each request: while its code is loaded, a Worker has neither the time nor random numbers. */
export function thisIsolate(): Isolate {
  own ??= { id: crypto.randomUUID().slice(0, ID_DIGITS), begun: Date.now() };
  return { id: own.id, ageMs: Date.now() - own.begun };
}
