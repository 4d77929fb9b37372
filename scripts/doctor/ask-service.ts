/** Requests of the doctor: one try each, since what fails is part of what is found. */
import { messageOf } from "../../build/command-line/message-of.ts";
import { authorization } from "../service/authorization.ts";
import type { Service } from "../service/patient-request.ts";

/** The value, or why there is none. */
export type Asked<T> = { value: T } | { error: string };

/** An answer that says that nothing more may be asked. */
class NotAskableError extends Error {}

/** Milliseconds for an answer; a cold tower far from its files takes seconds. */
const PATIENCE = 90_000;

/** True if the service is not reached, or refuses to report at all. */
export function isFinal(error: Error): boolean {
  return error instanceof NotAskableError || error.message === "fetch failed";
}

/** @param throws whether an error is thrown on */
export async function asked<T>(
  ask: () => Promise<T>,
  throws: (error: Error) => boolean = () => false,
): Promise<Asked<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof Error) || throws(error)) throw error;
    return { error: messageOf(error) };
  }
}

/** @throws Error that says what to do */
export async function askService(
  { url, key }: Service,
  path: string,
  body?: object,
): Promise<{ body: unknown; timings: string }> {
  const response = await fetch(url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...authorization(key),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  if (response.ok) return { body: JSON.parse(text), timings: response.headers.get("server-timing") ?? "" };
  const [address = path] = path.split("?", 1);
  throw refusal(response.status, address, text);
}

function refusal(status: number, address: string, text: string): Error {
  const answered = `${address} answers ${status}: ${text.slice(0, 300)}`;
  if (!address.startsWith("/v1/operator/")) return new Error(answered);
  if (status === 404) {
    return new NotAskableError(
      'the deployment does not show its report: the key is not an operator\'s ("npm run keys -- create --operator"), ' +
        "or the deployment is older than 0.2.0",
    );
  }
  return status === 401 || status === 403 ? new NotAskableError(answered) : new Error(answered);
}
