/**
 * Files on which the service failed, not because it had too much to do: one may end an isolate whenever it is embedded.
 * So files are lent alone then. One that fails alone is a suspect: it is set aside, and lent again, alone, when no other
 * file waits.
 *
 * If everything fails, no file is to blame. So a suspect's failures count once others were filled after it had first
 * failed; if none was, it is tried for a day.
 */
import type { StoreRecord, Suspect } from "./store-record.ts";

/** Failures that count until a suspect has failed, and those that do not. */
const FAILED_AFTER = 5;
const FAILED_AFTER_TRIES = 150;
/** From this many on, they are lent before others: nobody can tell what is to blame. */
const MOST_SUSPECTS = 32;

/** Notes that the service failed on a file that was alone. @returns whether it has failed for good */
export function failedAlone(record: StoreRecord, file: string): boolean {
  const suspects = record.suspects ?? [];
  const fills = record.fills ?? 0;
  const known = suspects.find((suspect) => suspect.file === file);
  const suspect = known ?? { file, since: fills, failures: 0, tries: 0 };
  suspect.tries++;
  if (fills > suspect.since) suspect.failures++;
  // The one that was tried longest ago is the first.
  record.suspects = [...suspects.filter((each) => each !== known), suspect];
  return suspect.failures >= FAILED_AFTER || suspect.tries >= FAILED_AFTER_TRIES;
}

/** Those that wait no more are none. */
export function keepSuspects(record: StoreRecord, isPending: (file: string) => boolean): void {
  if (record.suspects !== undefined) record.suspects = record.suspects.filter(({ file }) => isPending(file));
}

export function areTooMany({ suspects = [] }: StoreRecord): boolean {
  return suspects.length >= MOST_SUSPECTS;
}

/** How often it was tried, for the pause after the next failure: once others are filled, it need not wait for long. */
export function triesOf({ fills = 0, failed = 0 }: StoreRecord, suspect: Suspect | undefined): number {
  return suspect !== undefined && fills > suspect.since ? suspect.failures : failed;
}
