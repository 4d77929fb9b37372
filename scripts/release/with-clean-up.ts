/** `try … finally` in which a failing clean-up does not hide why it was needed. */

/**
 * @returns what `use` returns
 * @throws what `use` throws; if `cleanUp` fails as well, or alone, an Error that says both
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

/** Does what is owed after a failure. @returns what to throw: the failure, or both if this fails too */
export async function afterOwed(first: unknown, owed: () => Promise<unknown>): Promise<unknown> {
  try {
    await owed();
  } catch (second) {
    return bothErrors(first, second);
  }
  return first;
}

/** Does one after the other, whichever fails. @throws all that failed, as one Error */
export async function inTurn(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const [step, ...others] = steps;
  if (step === undefined) return;
  await withCleanUp(step, () => inTurn(others));
}

/** What failed first comes first, and is the cause. */
function bothErrors(first: unknown, second: unknown): Error {
  const message = `${messageOf(first)}\nThen this failed too: ${messageOf(second)}`;
  return new AggregateError([first, second], message, { cause: first });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
