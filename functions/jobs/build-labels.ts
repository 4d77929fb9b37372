/** Processes one message of the queue: takes the turn at a label set, computes one part, and queues the next. */
import type { Manifest } from "../../model-shards/manifest.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { doubledPause } from "../runtime/doubled-pause.ts";
import { ServiceError } from "../runtime/errors.ts";
import { logCall } from "../runtime/log-call.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import { configuredModel } from "../runtime/model-store/configured-model.ts";
import { warn } from "../runtime/warn.ts";
import { takeTurn, type Turn } from "../label-sets/build-claim.ts";
import { type BuildMessage, buildMessageSchema } from "../label-sets/build-message.ts";
import type { TextCall } from "../embed/compute-prompts.ts";
import { buildNextPart } from "../label-sets/build-part.ts";
import { SetNames } from "../label-sets/set-names.ts";
import { SetStore } from "../label-sets/set-store.ts";
import type { JobsBindings } from "./jobs-bindings.ts";
import { usagePoint } from "../usage/usage-point.ts";

/**
 * Seconds until a failed part is tried again: soon if a tower was busy for a moment, rarely if it is down for an hour.
 * Doubled with each attempt.
 */
const FIRST_DELAY = 10;
const LONGEST_DELAY = 600;
/**
 * Attempts (two and a half minutes in all) until a set is given up because the gateway does not serve its model. A new
 * release reaches some places later than others, so one attempt is not enough.
 */
const ATTEMPTS_UNSERVED = 5;

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function buildLabels(message: Message, env: JobsBindings, ctx: ExecutionContext): Promise<void> {
  const parsed = buildMessageSchema.safeParse(message.body);
  if (!parsed.success) {
    warn("the queue delivered a message of an unknown format", parsed.error);
    message.ack();
    return;
  }
  const delay = doubledPause(FIRST_DELAY, LONGEST_DELAY, message.attempts - 1);
  try {
    const again = await takePart(parsed.data, message, delay, env, ctx);
    if (again === undefined) message.ack();
    else message.retry({ delaySeconds: again });
  } catch (error) {
    const { code, cause } = error instanceof ServiceError ? error : {};
    const failure = {
      warning: "part of a label set failed",
      code,
      error: String(error),
      cause: String(cause),
    };
    console.warn(JSON.stringify(failure));
    if (code === "model_not_found" && message.attempts >= ATTEMPTS_UNSERVED) message.ack();
    else message.retry({ delaySeconds: delay });
  }
}

/** @returns seconds until the message should come again; undefined if it is done */
async function takePart(
  { account, id, model, part, turn }: BuildMessage,
  message: Message,
  delay: number,
  env: JobsBindings,
  ctx: ExecutionContext,
): Promise<number | undefined> {
  const store = new SetStore(env.SETS);
  const { revision } = configuredModel(model);
  const summary = await store.summary(account, id);
  if (summary === undefined) {
    // Whoever stored the set may have written after its deletion.
    await store.removeComputed(id);
    return undefined;
  }
  const held = await takeTurn(store, id, revision, turn ?? message.id, { mayBegin: turn === undefined });
  if (held === "over") return undefined;
  if ("waitMs" in held) return Math.ceil(held.waitMs / 1000);
  try {
    const { manifest } = await leasedManifest(env, model, (work) => ctx.waitUntil(work));
    const text: TextCall["text"] = {
      embedTokens: (ids, lengths, wanted, request) =>
        env.TOWERS.embedTokens(model, ids, lengths, wanted, request),
    };
    const requestId = `queue_${id}`;
    const call: TextCall = { manifest, text, requestId, wanted: () => held.renew() };
    let tokens = 0;
    const next = await buildNextPart(id, store, call, {
      isTaught: summary.examples !== undefined,
      probably: part,
      alive: () => held.renew(),
      onComputed: (computed) => {
        tokens = computed;
        recordPart(env, account, manifest, tokens);
      },
    });
    logCall("jobs", requestId, next === undefined ? {} : { part: next - 1, tokens });
    // If another message took over the turn, this message is found obsolete when it comes again. Otherwise it takes the
    // turn again.
    if (held.isLost) return FIRST_DELAY;
    if (!(await store.exists(account, id))) await store.removeComputed(id);
    else if (next === undefined) {
      await new SetNames(env, account).computed(id, revision);
      await held.end();
    } else await sendNext({ account, id, model, part: next, turn: held.next }, held, env);
    return undefined;
  } catch (error) {
    if (held.isLost) return FIRST_DELAY;
    await held.release(1000 * delay).catch(() => {});
    throw error;
  }
}

/** The part's tokens. The request that stored the set is counted by the gateway, so that this is none. */
function recordPart({ USAGE }: JobsBindings, account: string, manifest: Manifest, tokens: number): void {
  const point = usagePoint({
    account,
    key: "",
    tier: "",
    route: "/v1/label_sets",
    status: "",
    code: "",
    model: modelReference(manifest),
    requests: 0,
    images: 0,
    cached_images: 0,
    tokens,
    cached_tokens: 0,
    milliseconds: 0,
  });
  USAGE?.writeDataPoint(point);
}

async function sendNext(next: BuildMessage, held: Turn, env: JobsBindings): Promise<void> {
  const options = held.isFresh ? { delaySeconds: 1 } : {};
  await withDeadline(DEADLINES.small, () => env.BUILDS.send(next, options));
}
