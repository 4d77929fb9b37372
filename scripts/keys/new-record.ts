/** The record that KV stores for a new key. */
import { keyId, type KeyRecord, type Tier } from "../../functions/gateway/keys/api-key.ts";
import { unixSeconds } from "../../functions/runtime/unix-seconds.ts";

interface About {
  account: string;
  name: string;
  tier: Tier;
  /** Seconds until it expires; null: never. */
  lifetime: number | null;
  operator: boolean;
}

/** @param path the record's key in KV, see `keyPath` */
export function newRecord(path: string, { account, name, tier, lifetime, operator }: About): KeyRecord {
  const now = unixSeconds();
  return {
    id: keyId(path),
    account,
    name,
    tier,
    created_at: now,
    expires_at: lifetime === null ? null : now + lifetime,
    ...(operator ? { operator } : {}),
  };
}
