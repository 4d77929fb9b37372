/** Calls a tower or the decoder, and returns the value of its answer or throws its error. */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import type { Embeddings, RpcResult } from "../runtime/rpc.ts";
import { rpcValue } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";

/**
 * Awaits an RPC call, or a step of one.
 * @param call gets `alive`, which it must call at every sign of life from the Worker
 * @throws ServiceError `model_unavailable` if the Worker broke down or stays silent
 */
export async function callWorker<T>(worker: string, call: (alive: () => void) => Promise<T>): Promise<T> {
  try {
    return await withDeadline(DEADLINES.worker, call);
  } catch (cause) {
    const message = `the ${worker} could not answer; try again`;
    throw new ServiceError("model_unavailable", message, { cause });
  }
}

/** Counts as a sign of life each time the tower asks if the result is still wanted. */
export function aliveWhenAsked(alive: () => void, wanted: Wanted): Wanted {
  return () => {
    alive();
    return wanted();
  };
}

/**
 * @param param path of the field that caused the failure, if a field did
 * @throws ServiceError with the other Worker's refusal. For a fault in the model the details (which file, and how) go
 * to the log; the message says only to try again, because the caller can do nothing else
 */
export function unwrap<T>(result: RpcResult<T>, param?: string): T {
  if (result.ok) return result.value;
  const { code, message } = result.error;
  if (code === "model_unavailable") {
    throw new ServiceError(code, "the model cannot answer at present; try again", {
      cause: new Error(message),
    });
  }
  if (param === undefined) return rpcValue(result);
  throw new ServiceError(code, `${param}: ${message}`, { param });
}

/**
 * @throws ServiceError if the tower serves another revision than the gateway, which means that a deployment is half
 * done
 */
export function checkRevision({ revision, embeddings }: Embeddings, expected: string): Float32Array {
  if (revision !== expected) {
    const message = "the model is being replaced; try again";
    const cause = new Error(`tower serves revision ${revision}, the gateway ${expected}`);
    throw new ServiceError("model_unavailable", message, { cause });
  }
  return embeddings;
}
