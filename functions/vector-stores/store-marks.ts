/**
 * What R2 has of vector stores: a mark for each, by which the sweep finds it, and its segments. The mark is there before
 * the store is, and goes after everything else of it.
 */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";

const MARKS = "stores/";
const SEGMENTS = "segments/";

export interface MarkedStore {
  /** In the order of all marks. */
  place: string;
  account: string;
  id: string;
  markedAt: Date;
}

/** Of all segments of a store. */
export function segmentsPrefix(account: string, id: string): string {
  return `${SEGMENTS}${pathOf(account, id)}/`;
}

/** Every method throws ServiceError `overloaded` while R2 does not answer. */
export class StoreMarks {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async mark(account: string, id: string): Promise<void> {
    await answered(() => this.#bucket.put(MARKS + pathOf(account, id), ""));
  }

  async unmark(account: string, id: string): Promise<void> {
    await answered(() => this.#bucket.delete(MARKS + pathOf(account, id)));
  }

  /** @param keys at most 1,000 */
  async removeSegments(keys: string[]): Promise<void> {
    if (keys.length > 0) await answered(() => this.#bucket.delete(keys));
  }

  async removeAllSegments(account: string, id: string): Promise<void> {
    let listed: R2Objects;
    do {
      listed = await answered(() => this.#bucket.list({ prefix: segmentsPrefix(account, id) }));
      await this.removeSegments(listed.objects.map(({ key }) => key));
    } while (listed.truncated);
  }

  /** @param place of the one before the first */
  async *after(place: string | undefined): AsyncGenerator<MarkedStore> {
    let cursor: string | undefined;
    do {
      const options: R2ListOptions = { prefix: MARKS };
      if (cursor !== undefined) options.cursor = cursor;
      else if (place !== undefined) options.startAfter = place;
      const listed = await answered(() => this.#bucket.list(options));
      for (const { key, uploaded } of listed.objects) {
        const [account = "", id = ""] = key.slice(MARKS.length).split("/");
        yield { place: key, account: decodeURIComponent(account), id, markedAt: uploaded };
      }
      cursor = listed.truncated ? listed.cursor : undefined;
    } while (cursor !== undefined);
  }
}

function pathOf(account: string, id: string): string {
  return `${encodeURIComponent(account)}/${id}`;
}

async function answered<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(DEADLINES.r2Body, question);
  } catch (cause) {
    throw new ServiceError("overloaded", "vector stores cannot be reached; try again", { cause });
  }
}
