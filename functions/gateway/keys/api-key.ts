/** API keys: `sk-` and 256 random bits. Only a hash is stored, so the store does not reveal keys. */
import { sha256Hex } from "../../../model-shards/sha256.ts";

/** Base64url of 32 bytes. */
const KEY = /^sk-[A-Za-z0-9_-]{43}$/;
const KEY_BYTES = 32;
const ID_DIGITS = 12;

/** The tiers that a key may have. Each has its own rate limit in `wrangler.toml`. */
export const TIERS = ["free", "standard", "high"] as const;
export type Tier = (typeof TIERS)[number];

/** The account of requests without a key. No key can have it. */
export const PUBLIC_ACCOUNT = "public";

/** What is stored about a key. */
export interface KeyRecord {
  /** Identifies the key in lists and logs. */
  id: string;
  account: string;
  name: string;
  tier: Tier;
  /** Seconds since 1970. */
  created_at: number;
  /** Seconds since 1970; null if the key never expires. */
  expires_at: number | null;
  /** True for operator keys: they may call what is below `/v1/operator`. */
  operator?: boolean;
}

/** Prefix of the records' names in KV; the key's hash follows. */
export const KEY_PREFIX = "key/";

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `sk-${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** @returns the key in an `Authorization` header; undefined for anything that cannot be a key */
export function bearerKey(authorization: string | undefined): string | undefined {
  const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  return key !== undefined && KEY.test(key) ? key : undefined;
}

/**
 * The name of a key's record in KV.
 * @param pepper a secret of the deployment; without it, anyone with the store could check guessed keys
 */
export async function keyPath(key: string, pepper = ""): Promise<string> {
  return KEY_PREFIX + (await sha256Hex(new TextEncoder().encode(`${pepper}${key}`)));
}

/** A key's id: the first digits of its hash, which reveal nothing about the key. */
export function keyId(path: string): string {
  return `key_${path.slice(KEY_PREFIX.length, KEY_PREFIX.length + ID_DIGITS)}`;
}
