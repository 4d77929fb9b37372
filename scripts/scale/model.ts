/** The model of scale: what a load needs of each part of the platform. Pure; requests arrive at random (Poisson). */
import {
  HIGHEST_TIER,
  JOBS_AT_ONCE,
  type Lifetime,
  LIFETIMES,
  LOGGED,
  NAME_REMEMBERED,
  PLATFORM,
  PRICES,
  SECONDS_A_DAY,
  SECONDS_A_MONTH,
  SET_CHECKED,
  SHARDS_REQUESTS,
  UTILIZATION,
} from "./assumptions.ts";
import type { Measured } from "./measured.ts";

export interface Load {
  /** Classifications of one picture with a stored label set, a second, evenly over the data centers. */
  perSecond: number;
  dataCenters: number;
}

export interface Needs {
  /** Requests a second in a data center. */
  perDataCenter: number;
  /** Isolates with an image tower, in all data centers. */
  isolates: number;
  /** Processors that compute without a pause. */
  processors: number;
  /** Share of the requests that meet a cold isolate, for each case of `LIFETIMES`. */
  cold: { short: number; long: number };
  /** Reads of R2 a second if every cold tower found the data center's cache empty, for the shorter lifetimes. */
  readsOfR2: number;
  /** Questions to R2 a second whether the label set still exists. */
  checksOfR2: number;
  /** Writes of KV in the first second of a label set that no cache knows, all to its key. */
  kvWrites: number;
  /** Requests a second to the account's Durable Object, if the set is named by its name. */
  objectRequests: number;
  /** Consumers of the queue that are needed if all pictures come in batches. */
  consumers: number;
  /** Lines and invocations that are logged a day. */
  logsADay: number;
  /** Dollars a month. */
  dollars: {
    /** Requests, CPU time, and R2 for label sets, if no isolate were cold. */
    warm: number;
    /** What cold towers add for the shorter lifetimes, if data centers' caches are filled, and if none is. */
    cold: { filled: number; empty: number };
    /** Logs and traces. */
    logs: number;
  };
}

export function needsOf({ perSecond, dataCenters }: Load, measured: Measured): Needs {
  const perDataCenter = perSecond / dataCenters;
  const processors = perSecond * measured.seconds;
  const isolatesEach = Math.max(1, Math.ceil((perDataCenter * measured.seconds) / UTILIZATION));
  const isolates = isolatesEach * dataCenters;
  const cold = (lifetime: Lifetime): number => coldShare(perDataCenter, isolatesEach, lifetime);
  const short = cold(LIFETIMES.short);
  const checksOfR2 = Math.min(perSecond, isolates / SET_CHECKED);
  const readsOfR2 = perSecond * short * measured.readsOfR2;
  const loading = measured.loadingMs * PRICES.cpuMs + SHARDS_REQUESTS * PRICES.request;
  const filled = monthly(perSecond * short, loading);
  const { lines, invocations, spans, traced } = LOGGED;
  return {
    perDataCenter,
    isolates,
    processors,
    cold: { short, long: cold(LIFETIMES.long) },
    checksOfR2,
    readsOfR2,
    // Each isolate that has a request in the first second finds nothing in KV, computes the set and writes it.
    kvWrites: isolates * (1 - Math.exp(-perSecond / isolates)),
    // A gateway isolate asks again when what it remembers is this old; there are at most as many as image towers.
    objectRequests: Math.min(perSecond, isolates / NAME_REMEMBERED),
    // A part computes one picture after the other, so a consumer is worth one processor.
    consumers: Math.ceil(processors),
    logsADay: perSecond * SECONDS_A_DAY * (lines + invocations),
    dollars: {
      warm: monthly(perSecond, measured.dollars) + monthly(checksOfR2, PRICES.readOfR2),
      cold: { filled, empty: filled + monthly(readsOfR2, PRICES.readOfR2) },
      logs: monthly(perSecond, (lines + invocations + spans * traced) * PRICES.loggedEvent),
    },
  };
}

/** Dollars a month. @param price of a million */
function monthly(perSecond: number, price: number): number {
  return (perSecond * SECONDS_A_MONTH * price) / 1e6;
}

/**
 * A request is cold if none came for so long that its isolate ended, or if it is the first of an isolate that was
 * replaced.
 * @param rate requests a second in the data center
 */
function coldShare(rate: number, isolates: number, { idle, life }: Lifetime): number {
  const afterPause = Math.exp((-rate / isolates) * idle);
  const replaced = isolates / (life * rate);
  return Math.min(1, afterPause + (1 - afterPause) * replaced);
}

export interface Limit {
  name: string;
  /** What is exceeded. */
  demand: (needs: Needs) => number;
  most: number;
  happens: string;
  turn: string;
}

export const LIMITS: readonly Limit[] = [
  {
    name: "KV: a write a second to a key",
    demand: ({ kvWrites }) => kvWrites,
    most: PLATFORM.kvWrites,
    happens:
      "isolates that meet new labels at the same time write the same value; the writes that are refused are logged, and the answers are right; until KV knows the value, cold isolates get it from R2 or compute it",
    turn: "store the label set and classify with it once, a minute before others do: they find it in KV",
  },
  {
    name: `jobs: ${JOBS_AT_ONCE} messages at once`,
    demand: ({ consumers }) => consumers,
    most: JOBS_AT_ONCE,
    happens:
      "batches that arrive faster than this many processors compute take longer, and expire after 24 hours",
    turn: "`max_concurrency` in `functions/jobs/wrangler.toml`; each message more takes the towers from requests",
  },
  {
    name: `queue: ${PLATFORM.consumers} consumers`,
    demand: ({ consumers }) => consumers,
    most: PLATFORM.consumers,
    happens: "the same, whatever `max_concurrency` says",
    turn: "a second queue and jobs Worker, or requests instead of batches",
  },
  {
    name: `tier \`high\`: ${HIGHEST_TIER} requests a second`,
    demand: ({ perDataCenter }) => perDataCenter,
    most: HIGHEST_TIER,
    happens: "an account that sends all of them is answered 429 in each data center that is above",
    turn: "`[[ratelimits]]` in `wrangler.toml`, or several accounts",
  },
  {
    name: `Durable Object: ${PLATFORM.objectRequests.toLocaleString("en")} requests a second`,
    demand: ({ objectRequests }) => objectRequests,
    most: PLATFORM.objectRequests,
    happens:
      "names of label sets of one account are asked again too often; an isolate goes on with what it remembers for 5 seconds, then answers 503",
    turn: "the id of the set instead of its name, or several accounts",
  },
  {
    name: `Workers Logs: ${PLATFORM.logsADay / 1e9} billion events a day`,
    demand: ({ logsADay }) => logsADay,
    most: PLATFORM.logsADay,
    happens: "Cloudflare keeps one request's logs in a hundred until the day ends; answers are the same",
    turn: "`head_sampling_rate` of the logs in `wrangler.toml`",
  },
];

/** @returns the lowest number of requests a second that exceeds the limit; null if none up to `most` does */
export function metAt(limit: Limit, dataCenters: number, measured: Measured, most: number): number | null {
  const exceeds = (perSecond: number): boolean =>
    limit.demand(needsOf({ perSecond, dataCenters }, measured)) > limit.most;
  if (!exceeds(most)) return null;
  let [below, above] = [0, most];
  while (above - below > above / 1000) {
    const middle = (below + above) / 2;
    if (exceeds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
