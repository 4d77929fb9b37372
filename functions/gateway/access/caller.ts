/** Whose request it is, and what they may. */
import type { Context } from "hono";
import type { GatewayEnv } from "../env.ts";
import type { Tier } from "./api-key.ts";

export interface Caller {
  /** Label sets belong to it, and it is what is limited. */
  account: string;
  /** null without a key. */
  keyId: string | null;
  tier: Tier | "public";
}

/** Of requests without a key, where those are served. */
export const NOBODY: Caller = { account: "public", keyId: null, tier: "public" };

export function callerOf(c: Context<GatewayEnv>): Caller {
  return c.get("caller") ?? NOBODY;
}
