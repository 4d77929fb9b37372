/** Requests to a running service that wait where the service asks them to. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../build/command-line/message-of.ts";
import { authorization } from "./authorization.ts";

const TRIES = 8;
/** Milliseconds of the first pause after an answer without `retry-after`. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Statuses of what may work later: the rate limit, overload, and failures on the way. */
const LATER = new Set([429, 500, 502, 503, 504]);

export interface Service {
  /** Without a final slash. */
  url: string;
  key: string | undefined;
}

/** A request without the key. */
export type ServiceRequest = Omit<RequestInit, "headers"> & { headers?: Record<string, string> };

/**
 * What is not there at all is said at once, not after many tries.
 * @throws Error if nothing answers at the service's URL
 */
export async function expectService({ url }: Service): Promise<void> {
  try {
    await (await fetch(`${url}/healthz`)).body?.cancel();
  } catch (error) {
    const message = `nothing answers at ${url} (${messageOf((error as Error).cause ?? error)})`;
    throw new Error(`${message}: start a service, or name another one with --url`, { cause: error });
  }
}

/**
 * Tries again what may work later, with pauses as `retry-after` says, else doubled each time.
 * @param bodyOf makes the body of each try
 * @param signal ends it, also in a pause
 * @returns the last answer
 * @throws TypeError of `fetch` if the service was not reached by the last try
 */
export async function postPatiently(
  service: Service,
  path: string,
  bodyOf: () => BodyInit,
  signal?: AbortSignal,
): Promise<Response> {
  return await askPatiently(service, path, () => ({ method: "POST", body: bodyOf() }), signal);
}

/** As `postPatiently`, for what is only read. */
export async function getPatiently(service: Service, path: string): Promise<Response> {
  return await askPatiently(service, path, () => ({}));
}

/** @param requestOf makes method, headers and body of each try */
export async function askPatiently(
  { url, key }: Service,
  path: string,
  requestOf: () => ServiceRequest,
  signal?: AbortSignal,
): Promise<Response> {
  for (let tried = 1; ; tried++) {
    let answer: Response | undefined;
    const request = requestOf();
    const headers = { ...request.headers, ...authorization(key) };
    try {
      answer = await fetch(url + path, { ...request, headers, signal: signal ?? null });
    } catch (error) {
      if (tried === TRIES || signal?.aborted === true) throw error;
    }
    if (answer !== undefined && (!LATER.has(answer.status) || tried === TRIES)) return answer;
    await answer?.body?.cancel();
    await sleep(pauseAfter(answer, tried), undefined, { signal });
  }
}

/** Milliseconds. */
function pauseAfter(answer: Response | undefined, tried: number): number {
  const seconds = Number(answer?.headers.get("retry-after") ?? NaN);
  const wanted = Number.isFinite(seconds) ? 1000 * seconds : FIRST_PAUSE * 2 ** (tried - 1);
  return Math.min(wanted, LONGEST_PAUSE);
}
