/** Like `try … finally`, but if the clean-up fails as well, the first error is kept. */
import { messageOf } from "../../build/command-line/message-of.ts";

/**
 * @returns what `use` returns
 * @throws what `use` or `cleanUp` throws; if both fail, an Error with both messages
 */
export async function withCleanUp<T>(use: () => Promise<T>, cleanUp: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await use();
  } catch (error) {
    throw await afterOwed(error, cleanUp);
  }
  await cleanUp();
  return result;
}

/** Cleans up after a failure. @returns the error to throw: the failure, or an Error with both if this fails as well */
export async function afterOwed(first: unknown, owed: () => Promise<unknown>): Promise<unknown> {
  try {
    await owed();
  } catch (second) {
    return bothErrors(first, second);
  }
  return first;
}

/** Runs all steps in order, even if some fail. @throws all failures, as one Error */
export async function inTurn(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const [step, ...others] = steps;
  if (step === undefined) return;
  await withCleanUp(step, () => inTurn(others));
}

/** The first failure comes first in the message, and is the cause. */
function bothErrors(first: unknown, second: unknown): Error {
  const message = `${messageOf(first)}\nThen this failed as well: ${messageOf(second)}`;
  return new AggregateError([first, second], message, { cause: first });
}
