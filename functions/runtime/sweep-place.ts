/** Where a sweep has come to, which does not get through everything at once: the next one goes on there. */
import { DEADLINES, withDeadline } from "./deadline.ts";
import { warn } from "./warn.ts";

export class SweepPlace {
  readonly #bucket: R2Bucket;
  readonly #key: string;

  /** @param key of the object in which the place is stored */
  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async read(): Promise<string | undefined> {
    const object = (): Promise<R2ObjectBody | null> => this.#bucket.get(this.#key);
    return await withDeadline(DEADLINES.r2, async () => (await (await object())?.text()) ?? undefined);
  }

  /** Without a place, a sweep begins at the beginning. Never throws. */
  async store(place: string | undefined): Promise<void> {
    try {
      await withDeadline(DEADLINES.r2Body, async () => {
        if (place === undefined) await this.#bucket.delete(this.#key);
        else await this.#bucket.put(this.#key, place);
      });
    } catch (error) {
      warn("the sweep's place is not stored", error);
    }
  }
}
