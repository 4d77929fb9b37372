/**
 * The parts of the operator's report on the data center's cache in front of the shards Worker: whether it answers, and
 * whether its answers count among the Workers that a request may invoke.
 */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import {
  askShards,
  hasCache,
  type Origin,
  type ShardsFetcher,
} from "../../runtime/model-store/shards-cache.ts";
import { manifestPath } from "../../runtime/model-store/slices.ts";
import { reasonOf } from "./answer-time.ts";

/** Workers that a request may invoke; more questions than that show whether answers of the cache count. */
export const MAX_INVOCATIONS = 32;
const QUESTIONS = MAX_INVOCATIONS + 8;

export interface CachedAnswer {
  origin: Origin | null;
  ms: number;
  error: string | null;
}

/** Asks for a model's manifest three times: the first answer may fill the cache, the others should be its own. */
export async function probeCache(shards: ShardsFetcher | undefined, prefix: string) {
  const answers: CachedAnswer[] = [];
  for (let asked = 0; asked < 3; asked++) answers.push(await ask(shards, prefix));
  return { has_cache: hasCache(), answers };
}

/** Asks for the manifest more often than a request may invoke Workers, until an answer fails. */
export async function probeInvocations(shards: ShardsFetcher | undefined, prefix: string) {
  let [answered, cached] = [0, 0];
  let error: string | null = null;
  while (answered < QUESTIONS && error === null) {
    const answer = await ask(shards, prefix);
    ({ error } = answer);
    if (error === null) answered++;
    if (answer.origin === "cache") cached++;
  }
  return { asked: QUESTIONS, answered, cached, error };
}

async function ask(shards: ShardsFetcher | undefined, prefix: string): Promise<CachedAnswer> {
  const begun = Date.now();
  try {
    if (shards === undefined) throw new Error("the gateway has no binding SHARDS");
    const { response, origin } = await askShards(shards, manifestPath(prefix));
    await withDeadline(DEADLINES.cache, () => response.arrayBuffer());
    return { origin, ms: Date.now() - begun, error: null };
  } catch (error) {
    return { origin: null, ms: Date.now() - begun, error: reasonOf(error) };
  }
}
