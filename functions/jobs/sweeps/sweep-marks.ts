/** Goes through what is marked in R2, and on from there in the next sweep if it was too much for one. */
import { SweepPlace } from "../../runtime/sweep-place.ts";
import type { AccountMarks, Marked } from "../../runtime/account-marks.ts";
import { warn } from "../../runtime/warn.ts";

/** Milliseconds after its mark within which a thing has been made, if its request succeeded. */
export const MADE_AFTER_MS = 600_000;
/** Marks of a sweep, each of which takes a few of the 10,000 subrequests of an invocation. */
const MAX_MARKS = 1_000;
/** Marks after which the place is stored, so that a sweep that is killed repeats few of them. */
const STORE_EVERY = 50;
/** Milliseconds between two writes of the place: R2 takes one a second of an object. */
const STORE_MS = 2_000;
/** Milliseconds of a sweep. An invocation has 15 minutes for three, and they begin every 15 minutes. */
const MAX_MS = 240_000;

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
  const began = Date.now();
  const stored = new StoredPlace(place);
  let cared = 0;
  let done = 0;
  let last: string | undefined;
  for await (const marked of marks.after(await place.read())) {
    if (done === MAX_MARKS || Date.now() - began > MAX_MS) {
      await stored.end(last);
      return cared;
    }
    await stored.pass(last);
    try {
      if (await care(marked)) cared++;
    } catch (error) {
      warn(warning, error);
    }
    last = marked.place;
    done++;
  }
  await stored.end(undefined);
  return cared;
}

/** Stores where a sweep has come to, as often as R2 takes it. */
class StoredPlace {
  readonly #place: SweepPlace;
  #passed = 0;
  #storedAt = -Infinity;

  constructor(place: SweepPlace) {
    this.#place = place;
  }

  /** @param last mark that is done; undefined before the first */
  async pass(last: string | undefined): Promise<void> {
    if (last === undefined || ++this.#passed < STORE_EVERY || this.#waitMs > 0) return;
    await this.#place.store(last);
    this.#passed = 0;
    this.#storedAt = Date.now();
  }

  async end(last: string | undefined): Promise<void> {
    if (this.#waitMs > 0) await scheduler.wait(this.#waitMs);
    await this.#place.store(last);
  }

  get #waitMs(): number {
    return this.#storedAt + STORE_MS - Date.now();
  }
}
