/** What a deployment's answers mean: one finding for each thing that only the platform can tell. */
import { MAX_INVOCATIONS } from "../../functions/gateway/report/shards-cache-probe.ts";
import { TIMER_MS } from "../../functions/gateway/report/clock.ts";
import { VERSION } from "../../functions/gateway/version.ts";
import { committedRateLimits } from "../worker-configs.ts";
import type { Deployment } from "./ask-deployment.ts";
import { examineTimings } from "./examine-timings.ts";
import { examineTowers } from "./examine-towers.ts";
import { examineWork } from "./examine-work.ts";
import { type Finding, ms, seconds, verdictOf } from "./finding.ts";
import { unanswered } from "./unanswered.ts";

/** Milliseconds within which a store of the same region answers. */
const SLOW_STORE = 1_000;

export function examine(deployment: Deployment): Finding[] {
  return [
    ...examinePlatform(deployment),
    ...examineClock(deployment),
    ...examineStores(deployment),
    ...examineCache(deployment),
    ...examineTowers(deployment),
    ...examineTimings(deployment),
    ...examineWork(deployment),
  ];
}

function examinePlatform({ url, version, dataCenter, parts }: Deployment): Finding[] {
  const section = "deployment";
  const findings: Finding[] = [
    {
      section,
      name: "version",
      value: version,
      expected: `${VERSION}, as of this checkout`,
      otherwise: "the deployment has other code than what this report was written for: npm run deploy",
      verdict: verdictOf(version === VERSION),
    },
    {
      section,
      name: "data center",
      value: dataCenter ?? "none: this is not Cloudflare",
      expected: "one that is near you",
      otherwise: "a far one answers you; the lines below are of that one, and of one isolate in it",
      verdict: "unknown",
    },
  ];
  if (!("value" in parts.host)) return findings;
  const {
    access,
    has_pepper: hasPepper,
    rate_limits: rates,
    image_cache_ttl: ttl,
    isolate,
  } = parts.host.value;
  const committed = committedRateLimits();
  const isLocal = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(url);
  return [
    ...findings,
    {
      section,
      name: "access",
      value: access,
      expected: isLocal ? "any on this machine" : "keys or public",
      otherwise: "everybody may send requests without a limit, and may read this report: see docs/access.md",
      verdict: verdictOf(isLocal || access !== "open"),
    },
    {
      section,
      name: "keys are hashed with a secret",
      value: hasPepper ? "yes" : "no",
      expected: isLocal ? "no on this machine" : "yes",
      otherwise: "whoever reads the store of keys can check guesses: npm run deploy sets KEY_PEPPER",
      verdict: verdictOf(isLocal || hasPepper),
    },
    {
      section,
      name: "rate limits",
      value: rates ?? "not told",
      expected: `${committed}, as in wrangler.toml; the platform counts in each location`,
      otherwise:
        "the deployment has other limits than this checkout: npm run deploy. Not told: messages of 429 do not name the limit, which holds all the same",
      verdict: rates === null ? "unknown" : verdictOf(rates === committed),
    },
    {
      section,
      name: "embeddings of pictures are kept",
      value: ttl === 0 ? "no" : `for ${ttl} s`,
      expected: "as IMAGE_CACHE_TTL says (docs/images.md)",
      otherwise: "if they are kept, a hash of each picture that was sent is in KV for that long",
      verdict: "unknown",
    },
    {
      section,
      name: "isolate of the gateway",
      value: `${isolate.id}, ${seconds(isolate.age_ms)} old`,
      expected: "the same one, and older, if it lived on since an earlier report",
      otherwise:
        "another one answered, or the platform ended it: what isolates keep, such as loaded towers, is read again (docs/scale.md)",
      verdict: "unknown",
    },
  ];
}

function examineClock(deployment: Deployment): Finding[] {
  const section = "clock";
  const { host } = deployment.parts;
  if (!("value" in host)) return unanswered(deployment, "host", section);
  const { computing_ms: computing, across_io_ms: acrossIo, timer_ms: timer } = host.value.clock;
  const isCloudflare = deployment.dataCenter !== null;
  return [
    {
      section,
      name: "advances while code computes",
      value: ms(computing),
      expected: isCloudflare
        ? "0 ms: Cloudflare's stands still"
        : "more than 0 ms: only Cloudflare's stands still",
      otherwise: isCloudflare
        ? "the platform changed: times in logs and server-timing may now be read as CPU time too"
        : "this host freezes its clock as Cloudflare does: times are those between arrivals of data",
      verdict: verdictOf(isCloudflare ? computing === 0 : computing > 0),
    },
    {
      section,
      name: "advances across a read of KV",
      value: ms(acrossIo),
      expected: "more than 0 ms",
      otherwise: "the clock does not move with I/O: no time in logs and server-timing means anything",
      verdict: verdictOf(acrossIo > 0),
    },
    {
      section,
      name: `advances over a timer of ${TIMER_MS} ms`,
      value: ms(timer),
      // Timers of some hosts fire within the last millisecond.
      expected: `${TIMER_MS} ms or more`,
      otherwise: "deadlines come early: requests may be given up too soon",
      verdict: verdictOf(timer >= TIMER_MS - 1),
    },
  ];
}

function examineStores(deployment: Deployment): Finding[] {
  const section = "stores";
  const { host } = deployment.parts;
  if (!("value" in host)) return unanswered(deployment, "host", section);
  return host.value.stores.map(({ name, ms: time, error }) => ({
    section,
    name,
    value: error ?? ms(time),
    expected: `an answer within ${SLOW_STORE} ms`,
    otherwise: "requests that need it wait or are refused with 503: see docs/reliability.md",
    verdict: verdictOf(error === null && time < SLOW_STORE),
  }));
}

function examineCache(deployment: Deployment): Finding[] {
  const section = "data center's cache";
  const { cache, invocations } = deployment.parts;
  const isCloudflare = deployment.dataCenter !== null;
  const findings = [
    ...unanswered(deployment, "cache", section),
    ...unanswered(deployment, "invocations", section),
  ];
  if ("value" in cache) {
    const { has_cache: hasCache, answers } = cache.value;
    const failed = answers.find(({ error }) => error !== null);
    const isKept = answers.slice(1).every(({ origin }) => origin === "cache");
    const shown = answers.map(({ origin, ms: time }) => `${origin ?? "failed"} ${ms(time)}`).join(", ");
    findings.push({
      section,
      name: "the manifest, three times",
      value: failed?.error ?? `${shown}${hasCache ? "" : "; no cache"}`,
      expected:
        hasCache || isCloudflare ? "cache from the second on" : "r2, without a cache, outside of Cloudflare",
      otherwise:
        "the cache is off or keeps nothing: each cold isolate reads R2; check [cache] in functions/shards/wrangler.toml",
      verdict: verdictOf(failed === undefined && (isKept || !(hasCache || isCloudflare))),
    });
  }
  if ("value" in invocations) {
    const { asked, answered, cached, error } = invocations.value;
    const isAll = answered === asked;
    const isTold = cached === asked;
    findings.push({
      section,
      name: `answers of the shards Worker in one request, beyond ${MAX_INVOCATIONS}`,
      value: `${answered} of ${asked}, ${cached} from the cache${error === null ? "" : `; then ${error}`}`,
      expected: `all ${asked}: what the cache answers is no invocation of a Worker`,
      otherwise: `answers of the cache count among the ${MAX_INVOCATIONS} Workers of a request: a cold tower takes four of them, and a request with many cold towers may fail`,
      // Without a cache this tells only whether the host counts at all.
      verdict: isTold || (isCloudflare && cached > 0) ? verdictOf(isAll) : "unknown",
    });
  }
  return findings;
}
