/** Logs a failure that costs time but does not change the answer. */
export function warn(warning: string, error: unknown): void {
  console.warn(JSON.stringify({ warning, error: String(error) }));
}
