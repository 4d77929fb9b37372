/** Whose request it is. */
import { PUBLIC_ACCOUNT, type Tier } from "./api-key.ts";

export interface Caller {
  /** Label sets belong to it, and it is what is limited. */
  account: string;
  /** null without a key. */
  keyId: string | null;
  tier: Tier | "public";
  operator: boolean;
}

/** Of requests without a key, where those are served. */
export const NOBODY: Caller = { account: PUBLIC_ACCOUNT, keyId: null, tier: "public", operator: false };
