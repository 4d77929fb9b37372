/** Checks an answer to a hostile request, independent of the request. */
import { ERROR_KINDS, type ErrorCode } from "../../functions/runtime/errors.ts";
import type { HostileRequest } from "./grammar/hostile-request.ts";
import type { RawAnswer } from "./raw-request.ts";

/** Names that must not appear in an answer: stack frames, files, classes, Workers, libraries. */
const INTERNALS =
  /\bat .+:\d+:\d+|\b[\w-]+\.(ts|js|mjs|onnx|wasm)\b|node_modules|functions\/|manifest\.json|\.data\b|\b(Service|Type|Range|Syntax|Reference|Zod|Ort|Simd|ClientGone|MultipartParse)Error\b|edgeclip-(vision|text|decoder|search|state|jobs|shards)|workerd|magick|onnxruntime|R2Bucket|KVNamespace|lifted:|\[object |is not a function|Cannot read|undefined/i;

const BINDINGS =
  /\b(DECODER|VISION|TEXT|MODELS|SETS|CACHE|BUILDS|BATCH_QUEUE|FILES|ACCOUNTS|BATCHES|VECTORS|VECTOR_STORES|SEARCH|SHARDS|KEYS|KEY_PEPPER|USAGE)\b/;

const HEADERS = ["x-request-id", "openai-processing-ms", "server-timing"];

/** @returns undefined if the answer is correct */
export function faultOf(request: HostileRequest, answer: RawAnswer): string | undefined {
  const { status, headers, text } = answer;
  if (isPage(request, answer)) return undefined;
  const missing = HEADERS.find((name) => headers[name] === undefined);
  if (missing !== undefined) return `no header ${missing}`;
  if (status < 300) return undefined;
  if (status < 400) return `status ${status}`;
  if (request.method === "HEAD") return status < 500 ? undefined : `status ${status}`;
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return "an error that is not JSON";
  }
  return faultOfError(status, headers, errorIn(body)) ?? leakIn(request, text);
}

/**
 * The platform serves the pages' files before the gateway sees the request. It redirects a path that is not in normal
 * form, and answers 405 without a body for a method that a file does not support. A request for a WebSocket is a GET,
 * whatever its method (RFC 6455, section 4.1): workerd passes it on as a GET, so a page is a correct answer.
 */
function isPage({ method, headers: sent }: HostileRequest, { status, headers, text }: RawAnswer): boolean {
  if (headers["x-request-id"] !== undefined) return false;
  const asksForSocket = Object.entries(sent).some(
    ([name, value]) => name.toLowerCase() === "upgrade" && /^websocket$/i.test(value),
  );
  const isRead = method === "GET" || method === "HEAD" || asksForSocket;
  if (!isRead) return status === 405 && text === "";
  return status < 300 || (status < 400 && "location" in headers);
}

/** Hugging Face's clients look for the message where others look for the error. */
function errorIn(body: Record<string, unknown>): Record<string, unknown> {
  const { error, ...rest } = body;
  return typeof error === "string" ? { message: error, ...rest } : ((error ?? {}) as Record<string, unknown>);
}

function faultOfError(
  status: number,
  headers: RawAnswer["headers"],
  error: Record<string, unknown>,
): string | undefined {
  const { message, type, param, code } = error;
  const keys = Object.keys(error).toSorted().join();
  if (keys !== "code,message,param,type") return `an error with ${keys}`;
  if (typeof message !== "string" || message === "") return "no message";
  if (param !== null && typeof param !== "string") return "a param that is no path";
  if (typeof code !== "string" || !(code in ERROR_KINDS)) return `the code ${String(code)}`;
  const [wantedStatus, wantedType] = ERROR_KINDS[code as ErrorCode];
  if (status !== wantedStatus || type !== wantedType) return `${status} ${String(type)} for ${code}`;
  if (status >= 500 && code !== "overloaded") return `status ${status}, ${code}`;
  const isToRepeat = status === 429 || status === 503;
  return isToRepeat && !/^[1-9]\d*$/.test(String(headers["retry-after"])) ? "no retry-after" : undefined;
}

/** Words from the request itself may appear in a message. */
function leakIn({ path, body }: HostileRequest, text: string): string | undefined {
  const [leak] = INTERNALS.exec(text) ?? BINDINGS.exec(text) ?? [];
  if (leak === undefined) return undefined;
  const brought = decodeURIComponentSafely(path) + (body?.toString() ?? "");
  return brought.includes(leak) ? undefined : `tells of ${leak}`;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
