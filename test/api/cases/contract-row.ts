/** A row of the contract: a request, and what its answer must be. */

export interface Case {
  endpoint: string;
  what: string;
  /** A JSON body, a form, or a text that is sent unchanged; none for GET. */
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  code?: string;
  param?: string | null;
}

export function row(
  endpoint: string,
  what: string,
  body: unknown,
  status: number,
  code?: string,
  param?: string | null,
): Case {
  return {
    endpoint,
    what,
    body,
    status,
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  };
}
