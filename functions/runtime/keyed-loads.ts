/** One load at a time for each key, shared by all who wait for it; see `lease.ts`. What was loaded is not kept. */
import { type Anchor, LeasedLoad, type Renew } from "./lease.ts";

export class KeyedLoads<T> {
  readonly #underWay = new Map<string, LeasedLoad<T>>();

  /** @param load as for `LeasedLoad` */
  async get(key: string, load: (renew: Renew) => Promise<T>, anchor: Anchor): Promise<T> {
    const shared = this.#underWay.get(key) ?? new LeasedLoad<T>();
    this.#underWay.set(key, shared);
    try {
      return await shared.get(load, anchor);
    } finally {
      if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
    }
  }
}
