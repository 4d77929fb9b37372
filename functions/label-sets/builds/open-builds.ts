/**
 * A mark in R2 for each label set that is to be computed in the background, for a model, so that one whose message was
 * lost is found: `open-builds/<account>/<id>:<model>`. It is there before the set counts among the account's, and goes
 * once the set is ready, given up or deleted.
 */
import { AccountMarks, accountPath } from "../../runtime/account-marks.ts";
import { isBusy } from "../../runtime/r2.ts";
import { unreachable } from "../answering-bucket.ts";
import type { Build } from "./account-builds-rpc.ts";

const PREFIX = "open-builds/";

/** Every method throws ServiceError `model_unavailable` while R2 does not answer. */
export class OpenBuilds extends AccountMarks {
  constructor(bucket: R2Bucket) {
    super(bucket, PREFIX, unreachable);
  }

  /** Writes nothing if the set is marked: R2 takes one write a second of an object. */
  async open(account: string, build: Build): Promise<void> {
    const id = markOf(build);
    const known = await this.answered((bucket) => bucket.head(PREFIX + accountPath(account, id)));
    if (known !== null) return;
    try {
      await this.mark(account, id);
    } catch (error) {
      // Another request marks it.
      if (!isBusy(error)) throw error;
    }
  }

  async over(account: string, build: Build): Promise<void> {
    await this.unmark(account, markOf(build));
  }

  /** The set was deleted: it is computed for no model. */
  async removed(account: string, id: string): Promise<void> {
    const prefix = `${PREFIX}${accountPath(account, id)}:`;
    await this.answered(async (bucket) => {
      const { objects } = await bucket.list({ prefix });
      if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    });
  }
}

/** A mark's id among those of its account. */
export function markOf({ id, model }: Build): string {
  return `${id}:${model}`;
}
