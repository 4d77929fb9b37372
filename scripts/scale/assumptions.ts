/** What the model of scale assumes because it is not documented or not measured, and the platform's published limits. */

/**
 * How long an isolate lives: seconds without a request until it ends, and seconds until it ends anyway, for a release of
 * the platform or for want of room. Cloudflare documents neither, so there are two cases.
 */
export const LIFETIMES = {
  short: { idle: 30, life: 600 },
  long: { idle: 600, life: 6 * 3600 },
} as const;
export type Lifetime = (typeof LIFETIMES)[keyof typeof LIFETIMES];

/** Share of the time that an isolate computes before another one takes requests. */
export const UTILIZATION = 0.7;

/** Seconds for which an isolate remembers where the name of a label set leads (`label-sets/named-set.ts`). */
export const NAME_REMEMBERED = 2;

/** Seconds after which an isolate asks R2 again whether a label set still exists (`label-sets/stored-labels.ts`). */
export const SET_CHECKED = 20;

/** Messages that the jobs Worker works on at once (`max_concurrency` in `functions/jobs/wrangler.toml`). */
export const JOBS_AT_ONCE = 4;

/** Requests to the shards Worker of a cold tower; each is billed, also if the cache in front of it answers. */
export const SHARDS_REQUESTS = 4;

/**
 * What a warm classification leaves in the platform's observability: a line of each Worker that it passes (gateway,
 * decoder, image tower), the platform's record of each of their invocations, and spans of the share that is traced.
 */
export const LOGGED = { lines: 3, invocations: 3, spans: 10, traced: 0.1 } as const;

/** Published prices in dollars a million, beyond what a plan includes. */
export const PRICES = { request: 0.3, cpuMs: 0.02, readOfR2: 0.36, loggedEvent: 0.6 } as const;

/** Published limits: developers.cloudflare.com, pages "limits" of each product and of pricing. */
export const PLATFORM = {
  /** Consumers of a queue at once. */
  consumers: 250,
  /** Writes of KV to the same key, a second. */
  kvWrites: 1,
  /** Requests to one Durable Object, a second; a soft limit. */
  objectRequests: 1_000,
  /** Lines and invocations that are logged of an account, a day. */
  logsADay: 5e9,
} as const;

/** Requests a second of the highest tier, of an account in a data center (`wrangler.toml`). */
export const HIGHEST_TIER = 200;

export const SECONDS_A_DAY = 24 * 3600;
export const SECONDS_A_MONTH = 30 * SECONDS_A_DAY;
