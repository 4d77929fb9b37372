/**
 * Counts the refusals of this isolate whose reason is a limit of the service, not the request. They tell an operator
 * little by themselves, since a deployment has many isolates; the usage records have all of them.
 */
import type { ErrorCode } from "../../runtime/errors.ts";

const OF_LIMITS: readonly string[] = [
  "overloaded",
  "rate_limit_exceeded",
  "storage_limit_exceeded",
  "model_unavailable",
] satisfies ErrorCode[];

const counts = new Map<string, number>();

/** @param code of an error that a client was answered */
export function countIfLimit(code: string): void {
  if (OF_LIMITS.includes(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
}

/** Refusals by error code, since the isolate started. */
export function metLimits(): Record<string, number> {
  return Object.fromEntries(counts);
}
