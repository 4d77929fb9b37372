/** Keeps only the latest run of some work: a new run cancels the one before. */

/** @returns a function that starts a run; it gives undefined if a newer run replaced it */
export function latestOnly<Input, Output>(
  work: (input: Input, signal: AbortSignal) => Promise<Output>,
): (input: Input) => Promise<Output | undefined> {
  let current = new AbortController();
  return async (input) => {
    current.abort();
    const mine = new AbortController();
    current = mine;
    try {
      const output = await work(input, mine.signal);
      return mine.signal.aborted ? undefined : output;
    } catch (error) {
      if (mine.signal.aborted) return undefined;
      throw error;
    }
  };
}
