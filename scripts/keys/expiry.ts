/** When a key expires: parsed from an option, and formatted for lists. */
import { UsageError } from "../../build/command-line/usage-error.ts";

const UNIT_SECONDS = { h: 3600, d: 24 * 3600 };
const DAY_SECONDS = UNIT_SECONDS.d;

/**
 * @param text hours (`12h`), days (`90d`), a date, which means midnight UTC at its start, or an ISO 8601 time with its
 * zone
 * @param now seconds since 1970
 * @returns seconds from now
 * @throws UsageError for anything else, and for a time in the past
 */
export function parseExpiry(text: string, now: number): number {
  const [, count, unit] = /^([1-9]\d{0,5})([hd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * UNIT_SECONDS[unit as "h" | "d"];
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isTime ? Date.parse(text) / 1000 : NaN;
  // Date.parse takes a day that the month does not have, such as February 29, for one of the next month.
  const day = text.slice(0, 10);
  const isDay = !Number.isNaN(at) && new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  if (!isDay) {
    throw new UsageError(`--expires is hours (12h), days (90d) or a date (2027-03-31), not "${text}"`);
  }
  if (at <= now) throw new UsageError(`--expires ${text} is in the past`);
  return Math.ceil(at - now);
}

/** @returns a date; with the time, if it is within the next two days */
export function showExpiry(seconds: number | null, now: number): string {
  if (seconds === null) return "expires never";
  const iso = new Date(seconds * 1000).toISOString();
  const verb = seconds <= now ? "expired" : "expires";
  const isSoon = seconds > now && seconds - now < 2 * DAY_SECONDS;
  return `${verb} ${isSoon ? `${iso.slice(0, 16).replace("T", " ")} UTC` : iso.slice(0, 10)}`;
}
