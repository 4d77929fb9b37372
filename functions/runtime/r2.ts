/** What R2's errors mean, and how all objects under a prefix are removed. */
import { answeredBy, type Unreachable } from "./answered-by.ts";
import { DEADLINES } from "./deadline.ts";
import { ServiceError } from "./errors.ts";

/** Objects that R2 lists or removes in one call. */
const MAX_REMOVED = 1_000;

/**
 * @param mayRemove asked right before each deletion, of what was there before; after `false` nothing more is removed
 * @throws what `unreachable` makes while R2 does not answer
 */
export async function removeAll(
  bucket: R2Bucket,
  prefix: string,
  unreachable: Unreachable,
  mayRemove: () => Promise<boolean> = async () => true,
): Promise<void> {
  for (;;) {
    const options = { prefix, limit: MAX_REMOVED };
    const listed = await answeredBy(DEADLINES.r2Body, () => bucket.list(options), unreachable);
    const keys = listed.objects.map(({ key }) => key);
    if (keys.length > 0) {
      if (!(await mayRemove())) return;
      await answeredBy(DEADLINES.r2Body, () => bucket.delete(keys), unreachable);
    }
    if (!listed.truncated) return;
  }
}

/**
 * R2 refused to write an object that others write: it takes one write a second.
 * @param error that `answeredBy` threw
 */
export function isBusy(error: unknown): boolean {
  return error instanceof ServiceError && hasCode(error.cause, 10058);
}

/** R2 does not know the upload (any more). @param error that R2 threw */
export function isUnknownUpload(error: unknown): boolean {
  return hasCode(error, 10024);
}

/** R2's codes stand in the messages of its errors. */
function hasCode(error: unknown, code: number): boolean {
  return String(error).includes(`(${code})`);
}
