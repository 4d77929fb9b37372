/**
 * Rate limits by the platform's counters. Each tier has a limit and a period; each Cloudflare location counts
 * separately.
 */
import type { Context } from "hono";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import type { Bindings } from "../bindings.ts";
import type { GatewayEnv } from "./gateway-env.ts";
import { warn } from "../../runtime/warn.ts";
import { clientOf } from "./caller-of.ts";
import type { Caller } from "../keys/caller.ts";

/** The binding with the counter of each tier. */
const LIMITS = {
  public: "LIMIT_PUBLIC",
  free: "LIMIT_FREE",
  standard: "LIMIT_STANDARD",
  high: "LIMIT_HIGH",
} as const satisfies Record<Caller["tier"], keyof Bindings>;

/**
 * Counts the request for its account or address.
 * @throws ServiceError `rate_limit_exceeded`, `not_configured`
 */
export async function limitRate(c: Context<GatewayEnv>, caller: Caller): Promise<void> {
  const { keyId, tier } = caller;
  const binding = LIMITS[tier];
  const limit = c.env[binding];
  if (limit === undefined) {
    throw new ServiceError("not_configured", `the deployment has no rate limit ${binding}`);
  }
  if (await isWithin(limit, clientOf(c, caller))) return;
  const whose = keyId === null ? "requests without a valid key" : `tier ${tier}`;
  const message = `the rate limit of ${whose} is reached${shown(c.env, binding)}; try again later`;
  throw new ServiceError("rate_limit_exceeded", message);
}

/** `: 20 requests in 10 seconds`, if the deployment says so: a counter does not know its limit. */
function shown({ RATE_LIMITS: limits = "" }: Bindings, binding: string): string {
  const [, limit, period] = new RegExp(`(?:^|,)${binding}=(\\d+)/(\\d+)(?:,|$)`).exec(limits) ?? [];
  return limit === undefined ? "" : `: ${limit} requests in ${period} seconds`;
}

/** True if the request is within the limit. If the counter does not answer, the request is allowed. */
async function isWithin(limit: RateLimit, key: string): Promise<boolean> {
  try {
    return (await withDeadline(DEADLINES.rateLimit, () => limit.limit({ key }))).success;
  } catch (error) {
    warn("rate limit not readable", error);
    return true;
  }
}
