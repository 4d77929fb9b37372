/** The Durable Objects of batches and of their accounts, asked with a deadline. */
import { askedObject } from "../runtime/ask-object.ts";
import { ServiceError } from "../runtime/errors.ts";
import type { AccountBatchesRpc } from "./account-batches-rpc.ts";
import type { BatchNamespace, BatchStateRpc } from "./batch-state-rpc.ts";

export interface BatchBindings {
  BATCHES: BatchNamespace;
  ACCOUNTS: { getByName(account: string): AccountBatchesRpc };
}

const ID = /^batch_[0-9a-f]{24}$/;

/** An object exists as soon as it is asked: what cannot be an id must not make one. */
export function isBatchId(id: string): boolean {
  return ID.test(id);
}

/**
 * The methods of the result throw ServiceError `overloaded` while the object does not answer. `create` is asked twice:
 * if its answer was lost, the client would make another batch of the same lines.
 */
export function batchState(
  { BATCHES }: Pick<BatchBindings, "BATCHES">,
  account: string,
  id: string,
): BatchStateRpc {
  return askedObject(() => BATCHES.getByName(`${account}/${id}`), batchesUnreachable, ["create"]);
}

/** The methods of the result throw ServiceError `overloaded` while the object does not answer. */
export function accountBatches(
  { ACCOUNTS }: Pick<BatchBindings, "ACCOUNTS">,
  account: string,
): AccountBatchesRpc {
  return askedObject(() => ACCOUNTS.getByName(account), batchesUnreachable, ["addBatch"]);
}

export function batchesUnreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "batches cannot be reached; try again", { cause });
}
