/** Whose request it is, and what they may. */
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

/** @throws ServiceError `not_found` for everybody else, as for any other path that is not theirs to know */
export function requireOperator(c: Context<GatewayEnv>): void {
  if (c.env.ACCESS === "open" || callerOf(c).operator) return;
  throw new ServiceError("not_found", `there is nothing at ${c.req.path}`);
}
