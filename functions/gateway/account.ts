/** Whose request it is: label sets belong to accounts. */
import type { Context } from "hono";
import type { GatewayEnv } from "./env.ts";

/** Of requests without a key, where those are served. */
const NO_ACCOUNT = "public";

export function accountOf(_c: Context<GatewayEnv>): string {
  return NO_ACCOUNT;
}
