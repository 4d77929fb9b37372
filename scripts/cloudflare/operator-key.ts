/** A key that lives as long as a deployment's own checks need it. */
import { keyPath, newKey } from "../../functions/gateway/access/api-key.ts";
import { newRecord } from "../keys/new-record.ts";
import { remoteKeys } from "../keys/key-stores.ts";
import { readSecrets } from "./secrets.ts";

/** Should it not be taken back. Seconds. */
const LIFETIME = 3600;

export async function withOperatorKey<T>(use: (key: string) => Promise<T>): Promise<T> {
  const key = newKey();
  const path = await keyPath(key, (await readSecrets())?.KEY_PEPPER);
  const store = await remoteKeys();
  const about = {
    account: "deployment",
    name: "made by a deployment for its checks",
    tier: "standard" as const,
  };
  await store.put(path, newRecord(path, { ...about, lifetime: LIFETIME, operator: true }));
  try {
    return await use(key);
  } finally {
    await store.remove(path);
  }
}
