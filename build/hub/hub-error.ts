/** A failed request to the hub. The message has the method, URL and status. */
export class HubError extends Error {
  override readonly name = "HubError";
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}
