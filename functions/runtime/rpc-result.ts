/** Turns the outcome of an RPC method, errors included, into a value that RPC can carry. */
import { ServiceError } from "./errors.ts";
import { thisIsolate } from "./isolate.ts";
import type { RpcResult } from "./rpc.ts";
import { ClientGoneError } from "./sharing/wanted.ts";

/**
 * Runs an RPC method's body. A ServiceError becomes its code and message. Any other error is a defect or a broken
 * instance: it is logged here, where its stack is known, and becomes `model_unavailable`.
 */
export async function rpcResult<T>(
  worker: string,
  request: string,
  body: () => Promise<T>,
): Promise<RpcResult<T>> {
  // Its age counts from here, not from the first report.
  thisIsolate();
  try {
    return { ok: true, value: await body() };
  } catch (error) {
    // Not logged as an error: nothing failed, and nobody reads the answer.
    if (error instanceof ClientGoneError) {
      return { ok: false, error: { code: error.code, message: error.message, clientGone: true } };
    }
    const known = error instanceof ServiceError;
    const cause = known ? error.cause : error;
    console.error(JSON.stringify({ request, worker, error: String(error), cause: describe(cause) }));
    return {
      ok: false,
      error: known
        ? { code: error.code, message: error.message }
        : { code: "model_unavailable", message: "the model failed to answer; try again" },
    };
  }
}

/** The value of an answer. @throws ServiceError if the other Worker refused */
export function rpcValue<T>(result: RpcResult<T>): T {
  if (result.ok) return result.value;
  if (result.error.clientGone) throw new ClientGoneError();
  throw new ServiceError(result.error.code, result.error.message);
}

function describe(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause);
}
