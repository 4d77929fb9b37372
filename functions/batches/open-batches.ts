/**
 * A mark in R2 for each batch that is not over, so that one whose message was lost is found. It is there before the batch
 * is, and goes after everything else of it.
 */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";

const OPEN = "open-batches/";

export interface OpenBatch {
  /** In the order of all marks. */
  place: string;
  account: string;
  id: string;
  markedAt: Date;
}

export class OpenBatches {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async mark(account: string, id: string): Promise<void> {
    await answered(() => this.#bucket.put(keyOf(account, id), ""));
  }

  async unmark(account: string, id: string): Promise<void> {
    await answered(() => this.#bucket.delete(keyOf(account, id)));
  }

  /** @param place of the one before the first */
  async *after(place: string | undefined): AsyncGenerator<OpenBatch> {
    let cursor: string | undefined;
    do {
      const options: R2ListOptions = { prefix: OPEN };
      if (cursor !== undefined) options.cursor = cursor;
      else if (place !== undefined) options.startAfter = place;
      const listed = await answered(() => this.#bucket.list(options));
      for (const { key, uploaded } of listed.objects) {
        const [account = "", id = ""] = key.slice(OPEN.length).split("/");
        yield { place: key, account: decodeURIComponent(account), id, markedAt: uploaded };
      }
      cursor = listed.truncated ? listed.cursor : undefined;
    } while (cursor !== undefined);
  }
}

function keyOf(account: string, id: string): string {
  return `${OPEN}${encodeURIComponent(account)}/${id}`;
}

async function answered<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(DEADLINES.r2Body, question);
  } catch (cause) {
    throw new ServiceError("overloaded", "batches cannot be reached; try again", { cause });
  }
}
