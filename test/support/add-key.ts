/** Makes an API key and stores its record, as `npm run keys` does. */
import { keyPath, newKey, type Tier } from "../../functions/gateway/keys/api-key.ts";
import { newRecord } from "../../scripts/keys/new-record.ts";

interface Store {
  put(path: string, record: string): Promise<unknown>;
}

interface Options {
  tier?: Tier;
  /** Seconds from now; null for a key that never expires. */
  expiresIn?: number | null;
  /** The deployment's pepper. */
  pepper?: string;
  operator?: boolean;
}

/** @returns the key and where its record is */
export async function addKey(
  store: Store,
  account: string,
  { tier = "standard", expiresIn = null, pepper = "", operator = false }: Options = {},
): Promise<{ key: string; path: string }> {
  const key = newKey();
  const path = await keyPath(key, pepper);
  const record = newRecord(path, { account, name: "", tier, lifetime: expiresIn, operator });
  await store.put(path, JSON.stringify(record));
  return { key, path };
}
