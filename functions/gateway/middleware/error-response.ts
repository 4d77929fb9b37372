/** Turns an error into an HTTP response in OpenAI's shape, or where other clients look for it. No other code does. */
import type { Context } from "hono";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../runtime/errors.ts";
import { ClientGoneError } from "../../runtime/sharing/wanted.ts";
import { countIfLimit } from "../report/met-limits.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/** Default for `retry-after`, seconds. */
const RETRY_AFTER = { 429: "10", 503: "2" } as const;

export function errorResponse(thrown: Error, c: Context<GatewayEnv>): Response {
  const { status, ...fields } = refusal(thrown, c);
  if (status === 429 || status === 503) c.header("retry-after", RETRY_AFTER[status]);
  // RFC 9110, section 11.6.1, requires it.
  if (status === 401) c.header("www-authenticate", "Bearer");
  return c.json(shapeFor(c.req.path, fields), status);
}

interface ErrorFields {
  message: string;
  type: string;
  param: string | null;
  code: string;
}

/** The fields where the clients of an endpoint look for the message. */
function shapeFor(path: string, { message, ...rest }: ErrorFields): object {
  // JSON-RPC's errors have a number as `code`.
  if (path === "/mcp") {
    const error = { code: rpcCode(rest), message, data: rest };
    return { jsonrpc: "2.0", id: null, error };
  }
  // Hugging Face's clients show `error` if it is a string, and else only that there was one.
  if (path.startsWith("/hf/")) return { error: message, ...rest };
  const shape = { error: { message, ...rest } };
  return path.startsWith("/v2/") ? { message, ...shape } : shape;
}

/** JSON-RPC's code for a request that reached no method (https://www.jsonrpc.org/specification#error_object). */
function rpcCode({ code, type }: Omit<ErrorFields, "message">): number {
  if (code === "invalid_json") return -32_700;
  return type === "server_error" ? -32_603 : -32_600;
}

type Status = 500 | (typeof ERROR_KINDS)[ErrorCode][0];

/**
 * Records the error for logs and usage.
 * @returns what the client may know of it
 */
export function refusal(thrown: Error, c: Context<GatewayEnv>): { status: Status } & ErrorFields {
  const error = thrown instanceof ClientGoneError ? new ServiceError("overloaded", thrown.message) : thrown;
  const known = error instanceof ServiceError;
  const [status, type] = known ? ERROR_KINDS[error.code] : ([500, "server_error"] as const);
  if (status >= 500 || error.cause !== undefined) {
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    console.error(
      JSON.stringify({ request: c.get("requestId"), error: error.stack ?? error.message, cause }),
    );
  }
  const code = known ? error.code : "internal_error";
  c.set("errorCode", code);
  countIfLimit(code);
  const message = known ? error.message : "the server failed to process the request";
  return { status, message, type, param: known ? error.param : null, code };
}

/** An error in OpenAI's shape, inside an answer with status 200. */
export function errorFields({ code, message, param }: ServiceError): object {
  const [, type] = ERROR_KINDS[code];
  return { message, type, param, code };
}

/** The row of a picture that could not be read, if the request asked for errors to be reported. */
export function errorRow(index: number, error: ServiceError): object {
  return { object: "error", index, error: errorFields(error) };
}
