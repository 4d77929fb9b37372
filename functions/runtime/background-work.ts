/** When work in the background is taken over, and when it is tried again. */

/**
 * Milliseconds after the last renewal until another consumer may have the work; longer than a tower may be silent
 * (`DEADLINES.worker`).
 */
export const WORK_LEASE_MS = 45_000;
/** Milliseconds between two renewals. */
export const RENEW_AFTER_MS = 10_000;

/**
 * The message for which work is taken. If it comes again, the consumer that took work for it before is dead, so its
 * work is free before its time is over.
 */
export interface Taker {
  message: string;
  attempt: number;
}

/** How long to wait before another try: doubled with each one there was, up to the longest. */
export function exponentialBackoff(first: number, longest: number, tries: number): number {
  return Math.min(first * 2 ** tries, longest);
}

/** Seconds until work that failed is tried again, after so many tries before it. */
export function retrySeconds(tries: number): number {
  return exponentialBackoff(5, 600, tries);
}
