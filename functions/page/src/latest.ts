/** Keeps only the latest run of some work: a new run cancels the one before. */

export interface LatestOnly<Input, Output> {
  /** Starts a run. @returns undefined if it was cancelled, or a newer run replaced it */
  (input: Input): Promise<Output | undefined>;
  /** Cancels the run that is on its way, if there is one. */
  cancel(): void;
}

export function latestOnly<Input, Output>(
  work: (input: Input, signal: AbortSignal) => Promise<Output>,
): LatestOnly<Input, Output> {
  let current = new AbortController();
  const run = async (input: Input): Promise<Output | undefined> => {
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
  return Object.assign(run, { cancel: () => current.abort() });
}
