/** A Durable Object whose every method is asked with a deadline. */
import { askOnce, type Unreachable } from "./ask-object.ts";

/** @param stub gives a new one for each call: a stub that has met a broken object stays broken */
export function askedObject<T extends object>(stub: () => T, unreachable: Unreachable): T {
  return new Proxy({} as T, {
    get:
      (_, method) =>
      async (...parameters: unknown[]): Promise<unknown> =>
        await askOnce(async () => {
          const object = stub() as Record<PropertyKey, (...parameters: unknown[]) => Promise<unknown>>;
          return await object[method]!(...parameters);
        }, unreachable),
  });
}
