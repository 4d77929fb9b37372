/** The caller of a request, for whom it is counted, and the account of its label sets. */
import type { Context } from "hono";
import { ServiceError } from "../../runtime/errors.ts";
import { type Caller, NOBODY } from "../keys/caller.ts";
import { addressBlock } from "./address-block.ts";
import type { GatewayEnv } from "./gateway-env.ts";

export function callerOf(c: Context<GatewayEnv>): Caller {
  return c.get("caller") ?? NOBODY;
}

/** For whom the request is counted: the account, so that a second key gives no second allowance, or the address. */
export function clientOf(c: Context<GatewayEnv>, { account, keyId }: Caller): string {
  if (keyId !== null) return `account/${account}`;
  return `ip/${addressBlock(c.req.header("cf-connecting-ip") ?? "unknown")}`;
}

/** False for a request without a key in a public deployment: strangers must not share an account. */
export function hasAccount(c: Context<GatewayEnv>): boolean {
  return callerOf(c).keyId !== null || c.env.ACCESS !== "public";
}

/**
 * The account whose label sets or files the request may create, read, list and delete.
 * @param what is asked for, in the plural
 * @throws ServiceError `invalid_api_key` for a request that has none
 */
export function accountOf(c: Context<GatewayEnv>, what = "label sets"): string {
  if (!hasAccount(c)) {
    throw new ServiceError("invalid_api_key", `${what} belong to accounts: send an API key`);
  }
  return callerOf(c).account;
}
