/**
 * Files on which the service failed, not because it had too much to do: one may end an isolate whenever it is embedded.
 * So files are lent alone then. One that fails alone is a suspect: it is set aside, and lent again, alone, when no other
 * file waits. So is one that was not answered because something broke, while others of the same call were embedded.
 *
 * If everything fails, no file is to blame. So a suspect's failures count once others were filled after it had first
 * failed; if none was, it is tried for a day.
 */
import type { StoreRecord, Suspect } from "./store-record.ts";

/** Failures that count until a suspect has failed. */
const FAILED_AFTER = 5;
/** Milliseconds from its first failure until a suspect has failed, if none count. */
const FAILED_AFTER_MS = 86_400_000;
/** From this many on, suspects and others are lent in turn: some of the others may be embedded, so that failures count. */
const MANY_SUSPECTS = 32;

/** Notes that the service failed on a file that was alone. @returns whether it has failed for good */
export function failedAlone(record: StoreRecord, file: string): boolean {
  noteTurn(record, file);
  const suspects = record.suspects ?? [];
  const fills = record.fills ?? 0;
  const now = Date.now();
  const known = suspects.find((suspect) => suspect.file === file);
  const suspect = known ?? { file, since: fills, failures: 0 };
  suspect.failedAt ??= now;
  // The one that was tried longest ago is the first.
  record.suspects = [...suspects.filter((each) => each !== known), suspect];
  if (fills === suspect.since) return now - suspect.failedAt >= FAILED_AFTER_MS;
  return ++suspect.failures >= FAILED_AFTER;
}

/**
 * Notes files that were not answered because something broke. @param since `fills` before others of the call were
 * filled
 */
export function failedAmongOthers(record: StoreRecord, files: readonly string[], since: number): void {
  const suspects = record.suspects ?? [];
  // There may have been no time for some: with many suspects, they are only lent again.
  const noted = files.slice(0, Math.max(0, MANY_SUSPECTS - suspects.length));
  const failedAt = Date.now();
  record.suspects = [...suspects, ...noted.map((file) => ({ file, since, failures: 0, failedAt }))];
}

/** Files that no longer wait are no longer suspects. */
export function keepSuspects(record: StoreRecord, isPending: (file: string) => boolean): void {
  if (record.suspects !== undefined) record.suspects = record.suspects.filter(({ file }) => isPending(file));
}

export function areMany({ suspects = [] }: StoreRecord): boolean {
  return suspects.length >= MANY_SUSPECTS;
}

/**
 * Notes that work on a file has ended, or on several (null). After a suspect it is the other files' turn, after another
 * file the suspects'.
 */
export function noteTurn(record: StoreRecord, file: string | null): void {
  record.isOthersTurn = record.suspects?.some((suspect) => suspect.file === file) ?? false;
}

/** The suspect that is lent next; undefined if other files are. */
export function suspectToLend(record: StoreRecord, doOthersWait: boolean): Suspect | undefined {
  const isTheirTurn = !doOthersWait || (areMany(record) && record.isOthersTurn !== true);
  return isTheirTurn ? record.suspects?.[0] : undefined;
}

/** How often it was tried, for the pause after the next failure: once others are filled, it need not wait for long. */
export function triesOf({ fills = 0, failed = 0 }: StoreRecord, suspect: Suspect | undefined): number {
  return suspect !== undefined && fills > suspect.since ? suspect.failures : failed;
}
