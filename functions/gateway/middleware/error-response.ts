/** Turns an error into an HTTP response in OpenAI's shape. No other code does this. */
import type { Context } from "hono";
import { ERROR_KINDS, ServiceError } from "../../runtime/errors.ts";
import { ClientGoneError } from "../../runtime/wanted.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/** Default for `retry-after`, seconds. */
const RETRY_AFTER = { 429: "10", 503: "2" } as const;

export function errorResponse(thrown: Error, c: Context<GatewayEnv>): Response {
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
  const message = known ? error.message : "the server failed to process the request";
  if (status === 429 || status === 503) c.header("retry-after", RETRY_AFTER[status]);
  const shape = { error: { message, type, param: known ? error.param : null, code } };
  // Cohere's clients look for the message here.
  return c.json(c.req.path.startsWith("/v2/") ? { message, ...shape } : shape, status);
}

/** An error in OpenAI's shape, inside an answer with status 200. */
export function errorFields({ code, message, param }: ServiceError): object {
  const [, type] = ERROR_KINDS[code];
  return { message, type, param, code };
}
