/**
 * Decides whether to serve a request. The variable ACCESS selects how: `keys` (the default) requires an API key;
 * `public` also serves requests without a key and limits them by address; `open` checks and limits nothing, for use on
 * your own machine. Requests with a wrong key are limited by address as well, or guessing keys would have no limit.
 */
import { type Context } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../../runtime/errors.ts";
import { callerOf } from "./caller-of.ts";
import type { GatewayEnv } from "./gateway-env.ts";
import { bearerKey } from "../keys/api-key.ts";
import { type Caller, NOBODY } from "../keys/caller.ts";
import { findKey, requireSomeKey } from "../keys/key-store.ts";
import { limitRate } from "./limit-rate.ts";

export const authorize = createMiddleware<GatewayEnv>(async (c, next) => {
  const access = c.env.ACCESS ?? "keys";
  if (access !== "open" && access !== "public" && access !== "keys") {
    throw new ServiceError("not_configured", 'the variable ACCESS must be "keys", "public" or "open"');
  }
  if (access !== "open") {
    const caller = await identify(c, access === "public");
    c.set("caller", caller);
    await limitRate(c, caller);
  }
  await next();
});

/** @throws ServiceError `invalid_api_key`, `rate_limit_exceeded`, `not_configured`, `overloaded` */
async function identify(c: Context<GatewayEnv>, mayBeNobody: boolean): Promise<Caller> {
  const authorization = c.req.header("authorization");
  if (authorization === undefined && mayBeNobody) return NOBODY;
  const key = bearerKey(authorization);
  const record = key === undefined ? undefined : await findKey(key, c.env);
  if (record !== undefined) {
    const { account, id: keyId, tier, operator = false } = record;
    return { account, keyId, tier, operator };
  }
  // Only now: a valid key of the same address is not limited by those who guess.
  if (authorization !== undefined) await limitRate(c, NOBODY);
  if (!mayBeNobody) await requireSomeKey(c.env);
  const message =
    authorization === undefined
      ? "an API key is needed: send it as Authorization: Bearer sk-…"
      : "the API key is wrong, was revoked or has expired";
  throw new ServiceError("invalid_api_key", message);
}

/**
 * Guards endpoints for the operator.
 * @throws ServiceError `not_found` for everyone else, as for a path that does not exist
 */
export function requireOperator(c: Context<GatewayEnv>): void {
  if (c.env.ACCESS === "open" || callerOf(c).operator) return;
  throw new ServiceError("not_found", `there is nothing at ${c.req.path}`);
}
