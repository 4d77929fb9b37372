/**
 * Clears what is over: files that have expired, deletions and uploads that were begun and not finished. No reader
 * depends on it: an expired file is refused by its id, a deleted one by R2. It frees the bytes.
 */
import { warn } from "../runtime/warn.ts";
import { AccountFiles, type FileBindings } from "./account-files.ts";
import { markedAccounts } from "./account-places.ts";
import type { Due } from "./account-files-rpc.ts";
import { SweepPlace } from "../runtime/sweep-place.ts";

/** Accounts that are listed at once. */
const PAGE = 200;
/** Files, and uploads, of an account that are asked for at once: R2 deletes so many objects in one call. */
const MAX_DUE = 1_000;
/** How often an account that had more is asked in one sweep; the rest is left to the next one. */
const ROUNDS = 10;
/** Subrequests of a sweep. An invocation has twice as many: some are tried again. */
const MAX_SUBREQUESTS = 5_000;
/** Key of the account that the sweep has come to. */
const PLACE = "sweep";

/** @returns how many files and uploads were cleared */
export async function sweepFiles(env: FileBindings): Promise<number> {
  const sweep = new Sweep(env);
  const place = new SweepPlace(env.FILES, PLACE);
  let after = await place.read();
  do {
    const page = await markedAccounts(env.FILES, after, PAGE);
    for (const account of page.accounts) {
      if (sweep.isSpent) break;
      await sweep.clear(account);
      after = account;
    }
    if (!sweep.isSpent) after = page.next;
    // A sweep that is killed goes on here. The beginning of the list is where it begins anyway.
    await place.store(after);
  } while (after !== undefined && !sweep.isSpent);
  return sweep.cleared;
}

class Sweep {
  readonly #env: FileBindings;
  #cleared = 0;
  #spent = 0;

  constructor(env: FileBindings) {
    this.#env = env;
  }

  get cleared(): number {
    return this.#cleared;
  }

  get isSpent(): boolean {
    return this.#spent >= MAX_SUBREQUESTS;
  }

  /** What fails is left to the next sweep. */
  async clear(account: string): Promise<void> {
    const files = new AccountFiles(this.#env, account);
    for (let round = 0; round < ROUNDS; round++) {
      const before = this.#cleared;
      let hasMore = false;
      await this.#attempt(1, 0, async () => {
        const due = await files.due(MAX_DUE);
        ({ hasMore } = due);
        await this.#clearDue(files, due);
      });
      // Without progress, the same would come again.
      if (!hasMore || this.#cleared === before || this.isSpent) return;
    }
  }

  async #clearDue(files: AccountFiles, { removals, uploads }: Due): Promise<void> {
    const { last = [], shared = [] } = Object.groupBy(removals, ({ isLast }) => (isLast ? "last" : "shared"));
    const count = last.reduce((sum, { numbers }) => sum + numbers.length, 0);
    if (count > 0) await this.#attempt(2, count, () => files.finishLast(last));
    for (const removal of shared) {
      await this.#attempt(3, removal.numbers.length, () => files.finish(removal));
    }
    for (const { blob, uploadId } of uploads) {
      await this.#attempt(3, 1, () => files.clear(blob, uploadId));
    }
  }

  /**
   * @param cost subrequests, which are spent also if it fails
   * @param count what is cleared if it does not
   */
  async #attempt(cost: number, count: number, work: () => Promise<void>): Promise<void> {
    if (this.isSpent) return;
    this.#spent += cost;
    try {
      await work();
      this.#cleared += count;
    } catch (error) {
      warn("files not swept", error);
    }
  }
}
