/** Asks a Durable Object, each time with a deadline. */
import { answeredBy, type Unreachable } from "./answered-by.ts";
import { DEADLINES, withDeadline } from "./deadline.ts";
import { warn } from "./warn.ts";

export async function askOnce<T>(question: () => Promise<T>, unreachable: Unreachable): Promise<T> {
  return await answeredBy(DEADLINES.small, question, unreachable);
}

/**
 * For what may be asked twice: an object that was moved or restarted answers the second time. One that has too much to
 * do would have even more.
 */
export async function askAgain<T>(question: () => Promise<T>, unreachable: Unreachable): Promise<T> {
  try {
    return await withDeadline(DEADLINES.small, question);
  } catch (error) {
    if ((error as { overloaded?: boolean }).overloaded === true) throw unreachable(error);
    warn("object asked again", error);
    return await askOnce(question, unreachable);
  }
}

/**
 * A Durable Object whose every method is asked with a deadline.
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
