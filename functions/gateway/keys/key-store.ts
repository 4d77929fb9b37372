/**
 * Looks up keys in KV. Keys that were found stay in memory for a while, so a busy key does not cost a read for each
 * request. Keys that were not found stay for some seconds: a client with a revoked key may go on sending it.
 */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { LruCache } from "../../runtime/memory-cache.ts";
import type { Bindings } from "../bindings.ts";
import { KEY_PREFIX, keyPath, type KeyRecord } from "./api-key.ts";

/** Milliseconds. Together with KV's delay of up to 60 s, a revoked key stops working within 90 s. */
const REMEMBERED_FOR = 30_000;
const REFUSED_FOR = 5_000;
const MAX_REMEMBERED = 1_000;

const remembered = new LruCache<string, { record: KeyRecord; foundAt: number }>(MAX_REMEMBERED, () => 1);
/** When keys were not found, by their paths. Apart from the others, so that guessed keys push out no valid one. */
const refused = new LruCache<string, number>(MAX_REMEMBERED, () => 1);
let someKeyExists = false;

/**
 * @returns undefined for a key that does not exist, was revoked or has expired
 * @throws ServiceError `not_configured`, `overloaded` while KV does not answer
 */
export async function findKey(key: string, env: Bindings): Promise<KeyRecord | undefined> {
  const path = await keyPath(key, env.KEY_PEPPER);
  const known = remembered.get(path);
  let record = known !== undefined && Date.now() - known.foundAt < REMEMBERED_FOR ? known.record : undefined;
  if (record === undefined) {
    remembered.delete(path);
    if (Date.now() - (refused.get(path) ?? -Infinity) < REFUSED_FOR) return undefined;
    record = (await ask(() => keysOf(env).get<KeyRecord>(path, "json"))) ?? undefined;
    if (record === undefined) refused.set(path, Date.now());
    else remembered.set(path, { record, foundAt: Date.now() });
  }
  const isExpired = record?.expires_at != null && record.expires_at * 1000 <= Date.now();
  return isExpired ? undefined : record;
}

/**
 * Throws if the deployment has no key at all: it was never set up, and its first caller should learn that instead of
 * "wrong key".
 */
export async function requireSomeKey(env: Bindings): Promise<void> {
  if (someKeyExists) return;
  const { keys } = await ask(() => keysOf(env).list({ prefix: KEY_PREFIX, limit: 1 }));
  someKeyExists = keys.length > 0;
  if (!someKeyExists) {
    throw notConfigured(
      'no API key exists yet: make one with "npm run keys -- create", or set ACCESS to "public"',
    );
  }
}

function keysOf({ KEYS }: Bindings): KVNamespace {
  if (KEYS === undefined)
    throw notConfigured("the deployment has no store of API keys: bind a KV namespace as KEYS");
  return KEYS;
}

function notConfigured(message: string): ServiceError {
  return new ServiceError("not_configured", message);
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(DEADLINES.small, question);
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("overloaded", "the key could not be checked; try again", { cause });
  }
}
