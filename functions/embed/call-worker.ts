/** Takes the value out of a tower's or the decoder's answer, or throws what it says. */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import type { Embeddings, RpcResult } from "../runtime/rpc.ts";
import { rpcValue } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/wanted.ts";

/**
 * Awaits an RPC call, or a step of one.
 * @param call is told what to call at every sign of the Worker's life
 * @throws ServiceError `model_unavailable` if the Worker broke down or is silent
 */
export async function callWorker<T>(worker: string, call: (alive: () => void) => Promise<T>): Promise<T> {
  try {
    return await withDeadline(DEADLINES.worker, call);
  } catch (cause) {
    const message = `the ${worker} could not answer; try again`;
    throw new ServiceError("model_unavailable", message, { cause });
  }
}

/** The tower's question whether anybody waits, which is a sign of its life. */
export function telling(alive: () => void, wanted: Wanted): Wanted {
  return () => {
    alive();
    return wanted();
  };
}

/**
 * @param param path of the field that the failure is about, if it is about one
 * @throws ServiceError: the other side's refusal. What is wrong with the model, which file of it and how, is for the
 * log; the caller can only try again
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

/** @throws ServiceError if the tower serves another revision than the gateway: a deployment half done */
export function checkRevision({ revision, embeddings }: Embeddings, expected: string): Float32Array {
  if (revision !== expected) {
    const message = "the model is being replaced; try again";
    const cause = new Error(`tower serves revision ${revision}, the gateway ${expected}`);
    throw new ServiceError("model_unavailable", message, { cause });
  }
  return embeddings;
}
