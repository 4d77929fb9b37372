/** Goes through what is marked in R2, and on from there in the next sweep if it was too much for one. */
import { SweepPlace } from "../../runtime/sweep-place.ts";
import type { AccountMarks, Marked } from "../../runtime/account-marks.ts";
import { warn } from "../../runtime/warn.ts";

/** Milliseconds after its mark within which a thing has been made, if its request succeeded. */
export const MADE_AFTER_MS = 600_000;
/** Marks of a sweep, each of which takes a few of the 10,000 subrequests of an invocation. */
const MOST = 1_000;

/**
 * @param place of the sweep
 * @param care for what is marked: true if there was something to do; one that throws leaves the others as they are
 * @param warning of what was not swept
 * @returns for how many there was something to do
 */
export async function sweepMarks(
  marks: AccountMarks,
  place: SweepPlace,
  care: (marked: Marked) => Promise<boolean>,
  warning: string,
): Promise<number> {
  let cared = 0;
  let left = MOST;
  let next: string | undefined;
  for await (const marked of marks.after(await place.read())) {
    if (left-- === 0) break;
    next = marked.place;
    try {
      if (await care(marked)) cared++;
    } catch (error) {
      warn(warning, error);
    }
  }
  await place.store(left < 0 ? next : undefined);
  return cared;
}
