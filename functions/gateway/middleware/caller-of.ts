/** Whose request it is. */
import type { Context } from "hono";
import { ServiceError } from "../../runtime/errors.ts";
import { type Caller, NOBODY } from "../keys/caller.ts";
import type { GatewayEnv } from "./gateway-env.ts";

export function callerOf(c: Context<GatewayEnv>): Caller {
  return c.get("caller") ?? NOBODY;
}

/**
 * The account whose label sets a request may make, list and remove.
 * @throws ServiceError `invalid_api_key` for one without a key in a public deployment: strangers have nothing in common
 */
export function accountOf(c: Context<GatewayEnv>): string {
  const { account, keyId } = callerOf(c);
  if (keyId === null && c.env.ACCESS === "public") {
    throw new ServiceError("invalid_api_key", "label sets belong to accounts: send an API key");
  }
  return account;
}
