/** Sends one request to the API and gives its answer and duration, or throws a `Failure`. */
import { readKey } from "../key.ts";
import { Failure } from "./failure.ts";
import type { Shape } from "./shape.ts";
import { refusal } from "./types.ts";

export interface Answer<Body> {
  body: Body;
  /** Milliseconds for each part of the work, measured by the server. */
  server: Map<string, number>;
  /** Milliseconds from sending the request until the answer was read. */
  browser: number;
}

/**
 * @param shape the expected shape of the body
 * @throws Failure, also for a body of another shape; the signal's reason if it is aborted
 */
export async function call<Body>(
  path: string,
  shape: Shape<Body>,
  init: RequestInit = {},
): Promise<Answer<Body>> {
  const start = performance.now();
  const { response, body: text } = await send(path, init, (answer) => answer.text());
  const body = parse(text);
  if (!response.ok || !shape(body)) throw failureOf(response, body);
  return {
    body,
    server: readServerTiming(response.headers.get("server-timing")),
    browser: performance.now() - start,
  };
}

/** Loads a file. @throws Failure */
export async function load(path: string): Promise<Blob> {
  const { response, body } = await send(path, {}, (answer) => answer.blob());
  if (!response.ok) throw failureOf(response, parse(await body.text()));
  return body;
}

async function send<Body>(
  path: string,
  init: RequestInit,
  read: (response: Response) => Promise<Body>,
): Promise<{ response: Response; body: Body }> {
  const key = readKey();
  const headers = new Headers(init.headers);
  // Replace characters that a header cannot hold. Such a key is wrong, and the server reports that.
  if (key !== "") headers.set("authorization", `Bearer ${key.replaceAll(/[^!-~]/g, "?")}`);
  try {
    const response = await fetch(path, { ...init, headers });
    return { response, body: await read(response) };
  } catch (error) {
    init.signal?.throwIfAborted();
    throw new Failure(null, { cause: error });
  }
}

/** The body may be HTML, if a proxy between the page and the API answered. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf({ status, headers }: Response, body: unknown): Failure {
  const said = refusal(body) ? body.error : undefined;
  const retryAfter = Number.parseInt(headers.get("retry-after") ?? "", 10);
  return new Failure({
    status,
    message: said?.message ?? "a proxy between this page and the API answered in its place",
    code: said?.code ?? null,
    param: said?.param ?? null,
    retryAfter: Number.isNaN(retryAfter) ? null : retryAfter,
    requestId: headers.get("x-request-id"),
  });
}

/**
 * Reads `server-timing`. The browser's own `PerformanceServerTiming` comes too late, and is not available on every
 * origin.
 * @returns milliseconds by name, in the header's order
 */
function readServerTiming(header: string | null): Map<string, number> {
  const parts = (header ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map([...parts].map(([, name = "", duration]) => [name, Number(duration)]));
}
