/**
 * Clears what is over: files that have expired, deletions and uploads that were begun and not finished. No reader
 * depends on it: an expired file is refused by its id, a deleted one by R2. It frees the bytes.
 */
import { warn } from "../runtime/warn.ts";
import { AccountFiles, type FileBindings } from "./account-files.ts";
import { accountsWithBlobs } from "./blob-store.ts";

/** Accounts that are asked for at once. */
const PAGE = 200;
/** Files and uploads of an account that are cleared in one sweep. */
const MOST = 100;
/** Subrequests of a sweep, of the 10,000 that an invocation has; the next one goes on where it ended. */
const MOST_SUBREQUESTS = 5_000;
/** Where the account stands that the last sweep ended with. */
const PLACE = "sweep";

/** @returns how many files and uploads were cleared */
export async function sweepFiles(env: FileBindings): Promise<number> {
  let after = (await (await env.FILES.get(PLACE))?.text()) ?? undefined;
  let cleared = 0;
  for (let spent = 0; spent < MOST_SUBREQUESTS;) {
    const page = await accountsWithBlobs(env.FILES, after, PAGE);
    for (const account of page.accounts) {
      const done = await sweepAccount(env, account);
      cleared += done;
      spent += 1 + 4 * done;
      after = account;
      if (spent >= MOST_SUBREQUESTS) break;
    }
    spent += 1;
    if (after === page.accounts.at(-1) || page.accounts.length === 0) after = page.next;
    if (after === undefined) break;
  }
  if (after === undefined) await env.FILES.delete(PLACE);
  else await env.FILES.put(PLACE, after);
  return cleared;
}

/** What fails is left to the next sweep. */
async function sweepAccount(env: FileBindings, account: string): Promise<number> {
  const files = new AccountFiles(env, account);
  let cleared = 0;
  const clear = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      cleared++;
    } catch (error) {
      warn("file not swept", error);
    }
  };
  try {
    const { removals, uploads } = await files.due(MOST);
    for (const removal of removals) await clear(() => files.finish(removal));
    for (const { blob, uploadId } of uploads) {
      await clear(async () => {
        await files.blobs.clear(blob, uploadId);
        await files.ended(blob);
      });
    }
  } catch (error) {
    warn("account's files not swept", error);
  }
  return cleared;
}
