/** The public API, and nothing else: what this page does, any client can. */
import { apiKey } from "./api-key.ts";

export interface Usage {
  prompt_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  images: number;
  cached_images: number;
}

export interface Answered<T> {
  body: T & { usage: Usage; model: string; revision: string };
  /** Milliseconds by part, as the server timed them. */
  parts: Map<string, number>;
  /** Milliseconds as seen from here. */
  elapsed: number;
}

/** A refusal, as the API worded it. */
export class ApiError extends Error {
  readonly status: number;
  readonly param: string | null;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status: number, param: string | null, retryAfter: number | undefined) {
    super(message);
    this.status = status;
    this.param = param;
    this.retryAfter = retryAfter;
  }
}

/**
 * @param body a form, or what goes as JSON; a GET without
 * @throws ApiError for a refusal, TypeError if nothing answers, DOMException if aborted
 */
export async function ask<T>(
  path: string,
  body?: FormData | object,
  signal?: AbortSignal,
): Promise<Answered<T>> {
  const key = apiKey();
  const isForm = body instanceof FormData;
  const start = performance.now();
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined || isForm ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const json = (await response.json().catch(() => ({}))) as {
    error?: { message?: string; param?: string | null };
  };
  if (!response.ok) {
    const { message = `the server answered ${response.status}`, param = null } = json.error ?? {};
    const after = Number(response.headers.get("retry-after") ?? NaN);
    throw new ApiError(message, response.status, param, Number.isNaN(after) ? undefined : after);
  }
  return {
    body: json as Answered<T>["body"],
    parts: parseTimings(response.headers.get("server-timing") ?? ""),
    elapsed: performance.now() - start,
  };
}

/** `decode;dur=12.3, image;dur=456.7, …` */
function parseTimings(header: string): Map<string, number> {
  const parts = new Map<string, number>();
  for (const [, name = "", duration] of header.matchAll(/(\w+);dur=([\d.]+)/g)) {
    parts.set(name, Number(duration));
  }
  return parts;
}
