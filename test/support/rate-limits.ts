/** Rate limits of the gateway, as a test sets them. */
import type { V4WorkerOptions } from "miniflare";

/** Requests, by tier. The deployment has no limit for a tier without one. */
export type RateLimits = Partial<Record<"PUBLIC" | "FREE" | "STANDARD" | "HIGH", number>>;

/** @param options of the gateway @param period seconds */
export function withRateLimits(
  options: V4WorkerOptions,
  limits: RateLimits,
  period: 10 | 60 = 60,
): V4WorkerOptions {
  const ratelimits = Object.fromEntries(
    Object.entries(limits).map(([tier, limit]) => [
      `LIMIT_${tier}`,
      { namespace_id: tier, simple: { limit, period } },
    ]),
  );
  return { ...options, ratelimits } as V4WorkerOptions;
}
