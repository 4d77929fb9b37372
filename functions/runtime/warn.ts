/** One line of the log for something that costs time but not the answer. */
export function warn(warning: string, error: unknown): void {
  console.warn(JSON.stringify({ warning, error: String(error) }));
}
