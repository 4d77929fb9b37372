/** What a person is told of an error. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isOfNetwork(error)) return `${error.message}: ${messageOf(error.cause)}`;
  // If several addresses refused the connection, Node's error has no message.
  return error.message === "" ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
}

/** For a failed request, the message of `fetch` is only "fetch failed"; the reason is the cause. */
export function isOfNetwork(error: Error): boolean {
  return error.message === "fetch failed" && error.cause instanceof Error;
}
