/** What the page shows about a failed request. */

export interface Refusal {
  /** HTTP status. */
  status: number;
  message: string;
  code: string | null;
  /** Path of the field that caused the refusal, such as `images[0]`. */
  param: string | null;
  /** Seconds to wait before the next attempt. */
  retryAfter: number | null;
  requestId: string | null;
}

export class Failure extends Error {
  /** null if there was no answer. */
  readonly refusal: Refusal | null;

  constructor(refusal: Refusal | null, options?: ErrorOptions) {
    super(refusal?.message ?? "no answer", options);
    this.refusal = refusal;
  }
}
