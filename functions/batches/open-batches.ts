/** A mark in R2 for each batch that is not over, so that one whose message was lost is found. */
import { AccountMarks } from "../runtime/account-marks.ts";
import { batchesUnreachable } from "./batches.ts";

/** Every method throws ServiceError `overloaded` while R2 does not answer. */
export class OpenBatches extends AccountMarks {
  constructor(bucket: R2Bucket) {
    super(bucket, "open-batches/", batchesUnreachable);
  }
}
