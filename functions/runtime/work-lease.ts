/** How long work in the background stays with the consumer that has taken it. */

/**
 * Milliseconds after the last renewal until another may have it; longer than a tower may be silent
 * (`DEADLINES.worker`).
 */
export const WORK_LEASE_MS = 45_000;
/** Milliseconds between two renewals. */
export const RENEW_AFTER_MS = 10_000;
