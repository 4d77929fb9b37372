/** A Durable Object whose every method is asked with a deadline. */
import { askAgain, askOnce, type Unreachable } from "./ask-object.ts";

/**
 * @param stub gives a new one for each call: a stub that has met a broken object stays broken
 * @param repeatable methods that are called again if no answer comes: once more must be harmless
 */
export function askedObject<T extends object>(
  stub: () => T,
  unreachable: Unreachable,
  repeatable: readonly (keyof T)[] = [],
): T {
  return new Proxy({} as T, {
    get: (_, method) => {
      const ask = repeatable.includes(method as keyof T) ? askAgain : askOnce;
      return async (...parameters: unknown[]): Promise<unknown> =>
        await ask(async () => {
          const object = stub() as Record<PropertyKey, (...parameters: unknown[]) => Promise<unknown>>;
          return await object[method]!(...parameters);
        }, unreachable);
    },
  });
}
