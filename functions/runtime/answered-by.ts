/** Asks a dependency with a deadline; whatever goes wrong becomes an error that a client understands. */
import { withDeadline } from "./deadline.ts";
import type { ServiceError } from "./errors.ts";

/** Makes the error that a client sees of what went wrong. */
export type Unreachable = (cause: unknown) => ServiceError;

/** @param deadline milliseconds @throws what `unreachable` makes, if there is no answer in time or it is an error */
export async function answeredBy<T>(
  deadline: number,
  question: () => Promise<T>,
  unreachable: Unreachable,
): Promise<T> {
  try {
    return await withDeadline(deadline, question);
  } catch (cause) {
    throw unreachable(cause);
  }
}
