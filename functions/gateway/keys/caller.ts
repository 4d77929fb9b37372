/** Who sends a request: whose account it is counted on, and what the key allows. */
import { PUBLIC_ACCOUNT, type Tier } from "./api-key.ts";

export interface Caller {
  /** Owns label sets, files, batches and vector stores, and is the unit of rate limits. */
  account: string;
  /** null for a request without a key. */
  keyId: string | null;
  tier: Tier | "public";
  operator: boolean;
}

/** The caller of requests without a key, in deployments that allow them. */
export const NOBODY: Caller = { account: PUBLIC_ACCOUNT, keyId: null, tier: "public", operator: false };
