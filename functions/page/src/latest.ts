/** Of several runs of the same work only the latest counts: a newer one ends the one before. */

/** @returns what starts a run; it settles with undefined when a newer one took over */
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
