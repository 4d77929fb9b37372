/** Whether, and when, something happens. */
import { setTimeout as sleep } from "node:timers/promises";

const MOMENT_MS = 200;

/** True if it happens within a moment. */
export async function happens(event: Promise<unknown>): Promise<boolean> {
  event.catch(() => {});
  return await Promise.race([event.then(() => true), sleep(MOMENT_MS, false)]);
}

/** Asks until it is true. @throws Error if it is not in time */
export async function eventually(
  condition: () => Promise<boolean>,
  { patienceMs = 120_000, pollMs = 200 } = {},
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > end) throw new Error("it does not happen");
    await sleep(pollMs);
  }
}
