/** One request to the API: its answer, how long it took, or a `Failure`. */
import { readKey } from "../key.ts";
import { Failure } from "./failure.ts";
import type { Shape } from "./shape.ts";
import { refusal } from "./types.ts";

export interface Answer<Body> {
  body: Body;
  /** Milliseconds by part of the work, as the server saw them. */
  server: Map<string, number>;
  /** Milliseconds from sending to having read the answer. */
  browser: number;
}

/**
 * @param shape of the body that is expected
 * @throws Failure, also for a body of another shape; the signal's reason if it is aborted
 */
export async function call<Body>(
  path: string,
  shape: Shape<Body>,
  init: RequestInit = {},
): Promise<Answer<Body>> {
  const key = readKey();
  const headers = new Headers(init.headers);
  // What no header can hold is no key either: it is for the server to say so.
  if (key !== "") headers.set("authorization", `Bearer ${key.replaceAll(/[^!-~]/g, "?")}`);
  const start = performance.now();
  const { response, text } = await send(path, { ...init, headers });
  const body = parse(text);
  if (!response.ok || !shape(body)) throw failureOf(response, body);
  return {
    body,
    server: readServerTiming(response.headers.get("server-timing")),
    browser: performance.now() - start,
  };
}

async function send(path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(path, init);
    return { response, text: await response.text() };
  } catch (error) {
    init.signal?.throwIfAborted();
    throw new Failure(null, { cause: error });
  }
}

/** Something between the page and the API may answer with a page of its own. */
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
    message: said?.message ?? "something between this page and the API answered in its place",
    code: said?.code ?? null,
    param: said?.param ?? null,
    retryAfter: Number.isNaN(retryAfter) ? null : retryAfter,
    requestId: headers.get("x-request-id"),
  });
}

/**
 * Reads `server-timing`. The browser's own `PerformanceServerTiming` comes too late, and not on every origin.
 * @returns milliseconds by name, in the header's order
 */
function readServerTiming(header: string | null): Map<string, number> {
  const parts = (header ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map([...parts].map(([, name = "", duration]) => [name, Number(duration)]));
}
