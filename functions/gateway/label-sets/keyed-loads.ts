/**
 * At most one load at a time for each key, shared by all requests that wait for it (`lease.ts`). The loaded value is
 * not kept.
 */
import { type WaitUntil, LeasedLoad, type Renew } from "../../runtime/sharing/lease.ts";

export class KeyedLoads<T> {
  readonly #underWay = new Map<string, LeasedLoad<T>>();

  /** @param load as for `LeasedLoad` */
  async get(key: string, load: (renew: Renew) => Promise<T>, waitUntil: WaitUntil): Promise<T> {
    const shared = this.#underWay.get(key) ?? new LeasedLoad<T>();
    this.#underWay.set(key, shared);
    const loadAndForget = async (renew: Renew): Promise<T> => {
      // A request that takes a load over finds the key removed.
      if (!this.#underWay.has(key)) this.#underWay.set(key, shared);
      try {
        return await load(renew);
      } finally {
        // Removed by the load itself, because the load continues if the client leaves.
        if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
      }
    };
    return await shared.get(loadAndForget, waitUntil);
  }
}
