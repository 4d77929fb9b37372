/** An API key for the tests that `npm start` itself makes; it exists only while they run. */
import { keyPath, newKey } from "../../functions/gateway/keys/api-key.ts";
import { localKeys } from "../keys/key-stores.ts";
import { newRecord } from "../keys/new-record.ts";

/** Expires after this many seconds, in case nobody revokes it. */
const LIFETIME = 3600;

/** @param use called with an operator's key for this machine's store; the key is removed afterwards */
export async function withLocalKey<T>(use: (key: string) => Promise<T>): Promise<T> {
  const key = newKey();
  const path = await keyPath(key);
  const about = {
    account: "deployment",
    name: "made by npm start for its checks",
    tier: "standard" as const,
  };
  const store = await localKeys();
  try {
    await store.put(path, newRecord(path, { ...about, lifetime: LIFETIME, operator: true }));
    return await use(key);
  } finally {
    await store.remove(path);
    await store.close();
  }
}
