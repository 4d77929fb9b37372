/** The Durable Objects of vector stores and of their accounts, asked with a deadline, and the messages about them. */
import { parseFileId } from "../files/file-id.ts";
import { askedObject } from "../runtime/ask-object.ts";
import { ServiceError } from "../runtime/errors.ts";
import { sendMessage } from "../runtime/send-message.ts";
import { warn } from "../runtime/warn.ts";
import type { AccountStoresRpc } from "./account-stores-rpc.ts";
import type { FileBatchRpc } from "./file-batch-rpc.ts";
import type { StoredFileMessage, StoreMessage } from "./store-message.ts";
import type { VectorStoreRpc } from "./store-state-rpc.ts";
import type { StoreWorkRpc } from "./store-work-rpc.ts";

export type StoreObject = VectorStoreRpc & FileBatchRpc & StoreWorkRpc;

export interface StoreBindings {
  VECTOR_STORES: { getByName(name: string): StoreObject };
  ACCOUNTS: { getByName(account: string): AccountStoresRpc };
  /** Segments, and a mark for each store. */
  VECTORS: R2Bucket;
  BUILDS: {
    send(message: StoreMessage | StoredFileMessage, options?: { delaySeconds?: number }): Promise<unknown>;
  };
}

/**
 * Each is harmless twice, because it names an id. If an answer was lost, the client would make another store or
 * picture.
 */
const REPEATABLE = ["create", "add", "createBatch", "removePicture"] as const;
/** Milliseconds until the message comes: by then the file is deleted. */
const DELETED_AFTER_MS = 5_000;

const ID = /^vs_[0-9a-f]{24}$/;
const BATCH_ID = /^vsfb_[0-9a-f]{24}$/;

/** An object exists as soon as it is asked: what cannot be an id must not make one. */
export function isStoreId(id: string): boolean {
  return ID.test(id);
}

export function isFileBatchId(id: string): boolean {
  return BATCH_ID.test(id);
}

/** The methods of the result throw ServiceError `overloaded` while the object does not answer. */
export function vectorStore(
  { VECTOR_STORES }: Pick<StoreBindings, "VECTOR_STORES">,
  account: string,
  id: string,
): StoreObject {
  return askedObject(() => VECTOR_STORES.getByName(`${account}/${id}`), storesUnreachable, REPEATABLE);
}

/** The methods of the result throw ServiceError `overloaded` while the object does not answer. */
export function accountStores(
  { ACCOUNTS }: Pick<StoreBindings, "ACCOUNTS">,
  account: string,
): AccountStoresRpc {
  return askedObject(() => ACCOUNTS.getByName(account), storesUnreachable, ["addStore"]);
}

/** Never throws: if the queue takes no message now, the sweep sends another. */
export async function sendStoreOn(
  { BUILDS }: Pick<StoreBindings, "BUILDS">,
  account: string,
  id: string,
): Promise<void> {
  try {
    await sendMessage(BUILDS, { kind: "vector-store", account, id });
  } catch (error) {
    warn("vector store not sent on its way", error);
  }
}

/**
 * Has the picture of a file that is about to be deleted removed from the account's stores, a few seconds later. The
 * message goes first: if the queue does not take it, nothing is deleted, and the client tries again.
 * @throws ServiceError `overloaded`
 */
export async function leaveStores(
  env: Pick<StoreBindings, "ACCOUNTS" | "BUILDS">,
  account: string,
  fileId: string,
): Promise<void> {
  if (parseFileId(fileId) === undefined) return;
  const query = { after: null, before: null, limit: 1, order: "asc" } as const;
  const { ids } = await accountStores(env, account).listStores(query);
  if (ids.length === 0) return;
  const message = { kind: "vector-store-file", account, fileId } as const;
  try {
    await sendMessage(env.BUILDS, message, DELETED_AFTER_MS);
  } catch (cause) {
    throw storesUnreachable(cause);
  }
}

export function storesUnreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "vector stores cannot be reached; try again", { cause });
}
