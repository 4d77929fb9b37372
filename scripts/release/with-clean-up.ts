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
    try {
      await cleanUp();
    } catch (second) {
      throw bothErrors(error, second);
    }
    throw error;
  }
  await cleanUp();
  return result;
}

/** What failed first comes first, and is the cause. */
export function bothErrors(first: unknown, second: unknown): Error {
  const message = `${messageOf(first)}\nThen this failed too: ${messageOf(second)}`;
  return new AggregateError([first, second], message, { cause: first });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
