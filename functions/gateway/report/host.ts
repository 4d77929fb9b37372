/** The part of the operator's report on the gateway's host and what the gateway reaches. */
import { accountBatches } from "../../batches/batches.ts";
import { thisIsolate } from "../../runtime/isolate.ts";
import { dotOfHost } from "../../runtime/simd/dot-of-host.ts";
import type { Bindings } from "../bindings.ts";
import { imageCacheTtl } from "../embed/image-cache.ts";
import { type AnswerTime, answerTime, reasonOf } from "./answer-time.ts";
import { measureClock } from "./clock.ts";
import { metLimits } from "./met-limits.ts";

/** @param account the operator's own, whose Durable Object is asked */
export async function reportHost(env: Bindings, account: string) {
  const { id, ageMs } = thisIsolate();
  return {
    isolate: { id, age_ms: ageMs },
    access: env.ACCESS ?? "keys",
    has_pepper: env.KEY_PEPPER !== undefined,
    rate_limits: env.RATE_LIMITS ?? null,
    image_cache_ttl: imageCacheTtl(env),
    dot: await dotOfHost(),
    clock: await measureClock(env.CACHE),
    // One after the other: an isolate's clock advances with any answer, so answers at the same time share a time.
    stores: await oneByOne([
      ["KV of embeddings", () => env.CACHE.get("readyz")],
      ["KV of keys", async () => await env.KEYS?.get("readyz")],
      ["R2 of models", () => env.MODELS.head("readyz")],
      ["R2 of label sets", () => env.SETS.head("readyz")],
      ["R2 of files", () => env.FILES.head("readyz")],
      ["R2 of vector stores", () => env.VECTORS.head("readyz")],
      ["Durable Object of an account", () => accountBatches(env, account).listBatches(null, 1)],
    ]),
    queue: await reportQueue(env.BUILDS),
    batch_queue: await reportQueue(env.BATCH_QUEUE),
    met_limits: metLimits(),
  };
}

async function oneByOne(
  asked: readonly [name: string, ask: () => Promise<unknown>][],
): Promise<AnswerTime[]> {
  const answers: AnswerTime[] = [];
  for (const [name, ask] of asked) answers.push(await answerTime(name, ask));
  return answers;
}

/** Messages that wait for the jobs Worker. */
async function reportQueue(queue: Pick<Queue, "metrics">) {
  try {
    const { backlogCount, oldestMessageTimestamp: oldest } = await queue.metrics();
    return {
      waiting: backlogCount,
      oldest_seconds: oldest === undefined ? null : Math.round((Date.now() - oldest.getTime()) / 1000),
      error: null,
    };
  } catch (error) {
    return { waiting: null, oldest_seconds: null, error: reasonOf(error) };
  }
}
