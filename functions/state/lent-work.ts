/** Work that is lent for a message, until a time. */
import type { Taker } from "../runtime/background-work.ts";

/** Milliseconds after which a consumer that finds nothing to do asks again, at the least. */
const MIN_WAIT_MS = 1_000;

/** True if the work was lent for an earlier delivery of the message: whoever took it then is dead. */
export function isTakenBefore(lent: Taker | null, { message, attempt }: Taker): boolean {
  return lent !== null && lent.message === message && lent.attempt < attempt;
}

/** Milliseconds to wait until a time. */
export function waitUntil(time: number): number {
  return Math.max(MIN_WAIT_MS, time - Date.now());
}
