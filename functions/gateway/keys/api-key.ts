/** API keys: `sk-` and 256 random bits. What is stored is a hash, from which nobody gets the key back. */
import { sha256Hex } from "../../runtime/sha256-hex.ts";

/** Base64url of 32 bytes. */
const KEY = /^sk-[A-Za-z0-9_-]{43}$/;
const KEY_BYTES = 32;
const ID_DIGITS = 12;

/** The tiers that a key may have; each has a rate limit of its own in `wrangler.toml`. */
export const TIERS = ["free", "standard", "high"] as const;
export type Tier = (typeof TIERS)[number];

/** The account that requests without a key count as; no key can have it. */
export const PUBLIC_ACCOUNT = "public";

/** What is stored of a key. */
export interface KeyRecord {
  /** Names the key in lists and logs. */
  id: string;
  account: string;
  name: string;
  tier: Tier;
  /** Seconds since 1970. */
  created_at: number;
  /** null: never. */
  expires_at: number | null;
  /** True for operator keys: they may call `routes/compute-label-sets.ts`. */
  operator?: boolean;
}

/** Where records are in KV, by the key's hash. */
export const KEY_PREFIX = "key/";

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `sk-${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** @returns the key of an `Authorization` header; undefined for anything that cannot be one */
export function bearerKey(authorization: string | undefined): string | undefined {
  const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  return key !== undefined && KEY.test(key) ? key : undefined;
}

/**
 * Where a key's record is in KV.
 * @param pepper a secret of the deployment; without it, the store alone would do to check guesses
 */
export async function keyPath(key: string, pepper = ""): Promise<string> {
  return KEY_PREFIX + (await sha256Hex(new TextEncoder().encode(`${pepper}${key}`)));
}

/** A key's id: the first digits of its path, which tell nothing of the key. */
export function keyId(path: string): string {
  return `key_${path.slice(KEY_PREFIX.length, KEY_PREFIX.length + ID_DIGITS)}`;
}
