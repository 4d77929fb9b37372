/** What a sound deployment on Cloudflare answers the doctor, for tests of what is made of the answers. */
import type { WorkerFigures } from "../../../functions/gateway/openapi/report-response.ts";
import { VERSION } from "../../../functions/gateway/version.ts";
import type { Deployment } from "../../../scripts/doctor/ask-deployment.ts";
import { committedRateLimits } from "../../../scripts/worker-configs.ts";

export const MODEL = "base_w@0123456789abcdef";

const QUEUE = { waiting: 0, oldest_seconds: null, error: null };
const COUNTS = { batches: 0, unreachable: 0, lines: 0, lines_done: 0, statuses: {}, oldest_seconds: null };
const NO_STORES = { stores: 0, unreachable: 0, expired: 0, pictures: 0, waiting: 0, failed: 0, bytes: 0 };

function worker(name: string): WorkerFigures {
  return {
    name,
    wasm_bytes: 100e6,
    runs: 4,
    dot: "bytes",
    loaded_from: "cache",
    manifest_ms: 8,
    shards_ms: 300,
    ready_ms: 300,
    repaired: [],
    isolate: "01234567",
    age_ms: 60_000,
    error: null,
  };
}

/** `server-timing` of a classification. */
function timings(...loaded: ("image" | "text")[]): Map<string, { ms: number; from: string | null }> {
  const loads = loaded.flatMap((tower): [string, { ms: number; from: string | null }][] => [
    [`${tower}-manifest`, { ms: 8, from: null }],
    [`${tower}-shards`, { ms: 300, from: "cache" }],
    [`${tower}-load`, { ms: 330, from: "cache" }],
  ]);
  return new Map([["total", { ms: 700, from: null }], ...loads]);
}

export function onCloudflare() {
  const answer = { prediction: "fox", tokens: 12, cachedTokens: 12, elapsed: 700, timings: timings() };
  return {
    url: "https://edgeclip.example.com",
    version: VERSION,
    dataCenter: "FRA",
    classifications: [
      {
        model: MODEL,
        answers: [
          { value: { ...answer, cachedTokens: 8, timings: timings("image", "text") } },
          { value: answer },
          { value: answer },
          { value: answer },
        ],
      },
    ],
    parts: {
      host: {
        value: {
          isolate: { id: "01234567", age_ms: 60_000 },
          access: "keys",
          has_pepper: true,
          rate_limits: committedRateLimits(),
          image_cache_ttl: 0,
          dot: "bytes",
          clock: { computing_ms: 0, across_io_ms: 9, timer_ms: 20, check: 1 },
          stores: [{ name: "R2 of models", ms: 30, error: null }],
          queue: QUEUE,
          batch_queue: QUEUE,
          met_limits: {},
        },
      },
      cache: {
        value: {
          has_cache: true,
          answers: [
            { origin: "r2", ms: 90, error: null },
            { origin: "cache", ms: 8, error: null },
            { origin: "cache", ms: 7, error: null },
          ],
        },
      },
      invocations: { value: { asked: 40, answered: 40, cached: 40, error: null } },
      towers: {
        value: {
          wasm_limit: 112e6,
          decoder: [worker("decoder")],
          search: [worker("search")],
          models: [
            {
              model: MODEL,
              id: "timm/base_w",
              format: "edgeclip-manifest/1",
              bytes: 184e6,
              image_bytes: 92e6,
              text_bytes: 40e6,
              error: null,
              image_stages: 2,
              image: [worker("image 1"), worker("image 2")],
              text: [worker("text")],
            },
          ],
        },
      },
      label_sets: {
        value: {
          sets: 3,
          uncomputed: 0,
          models: [{ model: MODEL, ready: 3, building: 0, missing_examples: 0, bytes: 1e6 }],
          after: null,
        },
      },
      batches: { value: { ...COUNTS, is_whole: true } },
      vector_stores: { value: { ...NO_STORES, is_whole: true } },
    },
  } satisfies Deployment;
}
