/** What R2 has of vector stores: a mark for each, by which the sweep finds it, and its segments. */
import { AccountMarks, accountPath } from "../runtime/account-marks.ts";
import { storesUnreachable } from "./vector-stores.ts";

/** Prefix of all segments of a store. */
export function segmentsPrefix(account: string, id: string): string {
  return `segments/${accountPath(account, id)}/`;
}

/** Every method throws ServiceError `overloaded` while R2 does not answer. */
export class StoreMarks extends AccountMarks {
  constructor(bucket: R2Bucket) {
    super(bucket, "stores/", storesUnreachable);
  }

  /** @param keys at most 1,000 */
  async removeSegments(keys: string[]): Promise<void> {
    if (keys.length > 0) await this.answered((bucket) => bucket.delete(keys));
  }

  async removeAllSegments(account: string, id: string): Promise<void> {
    await this.removeAll(segmentsPrefix(account, id));
  }
}
