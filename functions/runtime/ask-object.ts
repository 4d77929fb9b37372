/** Asks a Durable Object, with a deadline. */
import { DEADLINES, withDeadline } from "./deadline.ts";
import type { ServiceError } from "./errors.ts";
import { warn } from "./warn.ts";

/** Makes the error that a client sees of what went wrong. */
export type Unreachable = (cause: unknown) => ServiceError;

export async function askOnce<T>(question: () => Promise<T>, unreachable: Unreachable): Promise<T> {
  try {
    return await withDeadline(DEADLINES.small, question);
  } catch (cause) {
    throw unreachable(cause);
  }
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
