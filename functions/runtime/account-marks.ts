/**
 * A mark in R2 for each thing of an account that a sweep is to find, `<prefix><account>/<id>`. It is there before the
 * thing is, and goes after everything else of it.
 */
import { answeredBy, type Unreachable } from "./answered-by.ts";
import { DEADLINES } from "./deadline.ts";
import { removeAll } from "./r2.ts";

export interface Marked {
  /** In the order of all marks. */
  place: string;
  account: string;
  id: string;
  markedAt: Date;
}

/** Every method throws what `unreachable` makes while R2 does not answer. */
export class AccountMarks {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #unreachable: Unreachable;

  constructor(bucket: R2Bucket, prefix: string, unreachable: Unreachable) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#unreachable = unreachable;
  }

  async mark(account: string, id: string): Promise<void> {
    await this.answered((bucket) => bucket.put(this.#prefix + accountPath(account, id), ""));
  }

  async unmark(account: string, id: string): Promise<void> {
    await this.answered((bucket) => bucket.delete(this.#prefix + accountPath(account, id)));
  }

  /** @param place of the one before the first */
  async *after(place: string | undefined): AsyncGenerator<Marked> {
    let cursor: string | undefined;
    do {
      const options: R2ListOptions = { prefix: this.#prefix };
      if (cursor !== undefined) options.cursor = cursor;
      else if (place !== undefined) options.startAfter = place;
      const listed = await this.answered((bucket) => bucket.list(options));
      for (const { key, uploaded } of listed.objects) {
        const [account = "", id = ""] = key.slice(this.#prefix.length).split("/");
        yield { place: key, account: decodeURIComponent(account), id, markedAt: uploaded };
      }
      cursor = listed.truncated ? listed.cursor : undefined;
    } while (cursor !== undefined);
  }

  protected async answered<T>(question: (bucket: R2Bucket) => Promise<T>): Promise<T> {
    return await answeredBy(DEADLINES.r2Body, () => question(this.#bucket), this.#unreachable);
  }

  protected async removeAll(prefix: string): Promise<void> {
    await removeAll(this.#bucket, prefix, this.#unreachable);
  }
}

export function accountPath(account: string, id: string): string {
  return `${encodeURIComponent(account)}/${id}`;
}
