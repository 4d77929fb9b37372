/** What can go wrong with a request, as far as somebody who reads about it cares. */

export interface Refusal {
  /** HTTP's. */
  status: number;
  message: string;
  code: string | null;
  /** The field that is meant, such as `images[0]`. */
  param: string | null;
  /** Seconds. */
  retryAfter: number | null;
  requestId: string | null;
}

export class Failure extends Error {
  /** null if no answer came. */
  readonly refusal: Refusal | null;

  constructor(refusal: Refusal | null, options?: ErrorOptions) {
    super(refusal?.message ?? "no answer", options);
    this.refusal = refusal;
  }
}
