/** The Durable Objects of batches and of their accounts, asked with a deadline. */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
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

/** The methods of the result throw ServiceError `overloaded` while the object does not answer. */
export function batchState(
  { BATCHES }: Pick<BatchBindings, "BATCHES">,
  account: string,
  id: string,
): BatchStateRpc {
  return asked(() => BATCHES.getByName(`${account}/${id}`));
}

/** The methods of the result throw ServiceError `overloaded` while the object does not answer. */
export function accountBatches(
  { ACCOUNTS }: Pick<BatchBindings, "ACCOUNTS">,
  account: string,
): AccountBatchesRpc {
  return asked(() => ACCOUNTS.getByName(account));
}

/** @param stub gives a new one for each call: a stub that has met a broken object stays broken */
function asked<T extends object>(stub: () => T): T {
  return new Proxy({} as T, {
    get:
      (_, method) =>
      async (...parameters: unknown[]): Promise<unknown> => {
        try {
          return await withDeadline(DEADLINES.small, () => {
            const object = stub() as Record<PropertyKey, (...parameters: unknown[]) => Promise<unknown>>;
            return object[method]!(...parameters);
          });
        } catch (cause) {
          throw new ServiceError("overloaded", "batches cannot be reached; try again", { cause });
        }
      },
  });
}
