/**
 * Measures how this host's clock behaves. Cloudflare's stands still while code computes and advances with I/O; workerd
 * elsewhere shows the time. What the service's own times mean depends on it (`timings.ts`).
 */
import { answerTime } from "./answer-time.ts";

/** Some 20 ms on a processor of today. */
const STEPS = 20_000_000;
/** Milliseconds of the timer that is measured. */
export const TIMER_MS = 20;

export interface Clock {
  /** What the clock advanced while code computed for tens of milliseconds, ms. */
  computing_ms: number;
  /** What it advanced over the same computation and one read of KV after it, ms. */
  across_io_ms: number;
  /** What it advanced over a timer of 20 ms. */
  timer_ms: number;
  /** Result of the computation; without it, an engine might leave the computation out. */
  check: number;
}

export async function measureClock(kv: KVNamespace): Promise<Clock> {
  const begun = Date.now();
  const check = compute();
  const computing = Date.now() - begun;
  await answerTime("kv", () => kv.get("readyz"));
  const acrossIo = Date.now() - begun;
  const beforeTimer = Date.now();
  await scheduler.wait(TIMER_MS);
  return {
    computing_ms: computing,
    across_io_ms: acrossIo,
    timer_ms: Date.now() - beforeTimer,
    check,
  };
}

function compute(): number {
  let value = 1;
  for (let step = 0; step < STEPS; step++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}
