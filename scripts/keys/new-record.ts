/** What is stored of a new key. */
import { keyId, type KeyRecord, type Tier } from "../../functions/gateway/keys/api-key.ts";

interface About {
  account: string;
  name: string;
  tier: Tier;
  /** Seconds; null: for ever. */
  lifetime: number | null;
  operator: boolean;
}

/** @param path where the record goes, see `keyPath` */
export function newRecord(path: string, { account, name, tier, lifetime, operator }: About): KeyRecord {
  const now = Math.floor(Date.now() / 1000);
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
