/** What went wrong between here and the hub: method, URL and status are in the message. */
export class HubError extends Error {
  override readonly name = "HubError";
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}
