/** Where accounts have their files in R2, and how the sweep finds the accounts. */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";

const ACCOUNTS = "accounts/";

/** Prefix of all blobs of an account. */
export function blobsPrefix(account: string): string {
  return `${accountPrefix(account)}blobs/`;
}

/** An empty object, written before an account's first upload: from then on the sweep visits the account. */
export function markerKey(account: string): string {
  return `${accountPrefix(account)}account`;
}

/**
 * Accounts that have uploaded something.
 * @param after the last one seen; undefined at the beginning
 * @returns `next` is what to give as `after`; undefined after the last one
 */
export async function markedAccounts(
  bucket: R2Bucket,
  after: string | undefined,
  limit: number,
): Promise<{ accounts: string[]; next: string | undefined }> {
  // After everything that the account has.
  const startAfter = after === undefined ? {} : { startAfter: `${accountPrefix(after)}\u{10FFFF}` };
  const listed = await withDeadline(DEADLINES.r2Body, () =>
    bucket.list({ prefix: ACCOUNTS, delimiter: "/", limit, ...startAfter }),
  );
  const accounts = listed.delimitedPrefixes.map((prefix) =>
    decodeURIComponent(prefix.slice(ACCOUNTS.length, -1)),
  );
  return { accounts, next: listed.truncated ? accounts.at(-1) : undefined };
}

function accountPrefix(account: string): string {
  return `${ACCOUNTS}${encodeURIComponent(account)}/`;
}
