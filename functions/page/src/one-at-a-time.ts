/** Ignores a second press of a button, or a second Enter, while the work of the first is on its way. */

/** @returns the same work; a call does nothing while an earlier one has not ended */
export function oneAtATime<Inputs extends readonly unknown[]>(
  work: (...inputs: Inputs) => Promise<void>,
): (...inputs: Inputs) => Promise<void> {
  let isRunning = false;
  return async (...inputs) => {
    if (isRunning) return;
    isRunning = true;
    try {
      await work(...inputs);
    } finally {
      isRunning = false;
    }
  };
}
