/**
 * Processes one message of the queue: takes the turn at a label set, computes one part, and queues what the account's
 * object says is next. An account has a few turns at once, so that its sets do not take all consumers.
 */
import type { Manifest } from "../../model-shards/manifest.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { exponentialBackoff } from "../runtime/background-work.ts";
import { ServiceError } from "../runtime/errors.ts";
import { logCall } from "../runtime/log-call.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import { configuredModel } from "../runtime/model-store/configured-model.ts";
import { sendMessage } from "../runtime/send-message.ts";
import { warn } from "../runtime/warn.ts";
import { AccountBuilds } from "../label-sets/builds/account-builds.ts";
import { abandonChain, refusedTurn, takeTurn, type Turn } from "../label-sets/builds/build-claim.ts";
import { MAX_TRIES } from "../label-sets/builds/build-limits.ts";
import { type BuildMessage, buildMessageSchema } from "../label-sets/builds/build-message.ts";
import type { TextCall } from "../embed/compute-prompts.ts";
import { buildNextPart } from "../label-sets/builds/build-part.ts";
import { OpenBuilds } from "../label-sets/builds/open-builds.ts";
import { SetNames } from "../label-sets/set-names.ts";
import { type LabelSetSummary, SetStore } from "../label-sets/set-store.ts";
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
  // A message that waited for its turn in the account's object was sent anew.
  const tries = (parsed.data.tried ?? 0) + message.attempts;
  const delivery = { turn: parsed.data.turn ?? message.id, tries };
  try {
    const again = await takePart({ ...parsed.data, tried: tries - 1 }, delivery, env, ctx);
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
    if (!isGivenUp(error, tries)) {
      message.retry({ delaySeconds: delayOf(tries) });
      return;
    }
    // Also a part that never began, or the sweep would send the set's message for ever.
    await endBuild(parsed.data, env).catch(notEnded);
    message.ack();
  }
}

function notEnded(cause: unknown): void {
  warn("turn of a label set not ended", cause);
}

function delayOf(tries: number): number {
  return exponentialBackoff(FIRST_DELAY, LONGEST_DELAY, tries - 1);
}

function isGivenUp(error: unknown, tries: number): boolean {
  const isUnserved = error instanceof ServiceError && error.code === "model_not_found";
  return tries >= (isUnserved ? ATTEMPTS_UNSERVED : MAX_TRIES);
}

interface Delivery {
  turn: string;
  /** Attempts at the part, this one included. */
  tries: number;
}

/** @returns seconds until the message should come again; undefined if it is done */
async function takePart(
  message: BuildMessage,
  { turn, tries }: Delivery,
  env: JobsBindings,
  ctx: ExecutionContext,
): Promise<number | undefined> {
  const { account, id, model } = message;
  const store = new SetStore(env.SETS);
  const builds = new AccountBuilds(env, account);
  const { revision } = configuredModel(model);
  const summary = await store.summary(account, id);
  if (summary === undefined) {
    // Whoever stored the set may have written after its deletion.
    await store.removeLeft(account, id);
    // What has been stored again has a message of its own.
    if (await store.exists(account, id)) await send(await builds.drop(message), env);
    else await endBuild(message, env);
    return undefined;
  }
  const options = { mayBegin: message.turn === undefined };
  const refused = await refusedTurn(store, id, revision, turn, options);
  if (refused === "over") {
    await send(await builds.drop(message), env);
    return undefined;
  }
  if (refused !== undefined) return Math.ceil(refused.waitMs / 1000);
  // Its consumers die, and cannot say so.
  if (tries > MAX_TRIES) {
    await abandonChain(store, id, revision);
    await endBuild(message, env);
    return undefined;
  }
  const { mayBegin, others } = await builds.begin(message);
  await send(others, env);
  if (!mayBegin) return undefined;
  const held = await takeTurn(store, id, revision, turn, options);
  if (held === "over") return undefined;
  if ("waitMs" in held) return Math.ceil(held.waitMs / 1000);
  try {
    const next = await computePart(message, summary, store, held, env, ctx);
    // If another message took over the turn, this message is found obsolete when it comes again. Otherwise it takes the
    // turn again.
    if (held.isLost) return FIRST_DELAY;
    const after = await afterPart(message, next, store, held, env);
    const delayMs = held.isFresh ? 1_000 : 0;
    if (after === "over") await endBuild(message, env);
    else {
      const { messages } = await builds.end(message, after);
      await send(messages, env, (each) => (each.id === id ? delayMs : 0));
    }
    return undefined;
  } catch (error) {
    if (held.isLost) return FIRST_DELAY;
    if (isGivenUp(error, tries)) {
      await held.giveUp().catch(() => {});
      throw error;
    }
    await held.release(1000 * delayOf(tries)).catch(() => {});
    await builds
      .end(message, "later")
      .then(({ messages }) => send(messages, env))
      .catch(notEnded);
    throw error;
  }
}

/** The set is ready, given up or deleted. */
async function endBuild(message: BuildMessage, env: JobsBindings): Promise<void> {
  const { account } = message;
  const { isOwn, messages } = await new AccountBuilds(env, account).end(message, "over");
  await send(messages, env);
  // The mark of a set that was stored again is not this one's. The sweep removes a mark that is left.
  if (!isOwn) return;
  await new OpenBuilds(env.SETS)
    .over(account, message)
    .catch((error: unknown) => warn("mark of a label set not removed", error));
}

/** @returns the part that is probably next; undefined if the set is ready or deleted */
async function computePart(
  { account, id, model, part }: BuildMessage,
  { examples }: LabelSetSummary,
  store: SetStore,
  held: Turn,
  env: JobsBindings,
  ctx: ExecutionContext,
): Promise<number | undefined> {
  const { manifest } = await leasedManifest(env, model, (work) => ctx.waitUntil(work));
  const text: TextCall["text"] = {
    embedTokens: (ids, lengths, wanted, request) =>
      env.TOWERS.embedTokens(model, ids, lengths, wanted, request),
  };
  const requestId = `queue_${id}`;
  const call: TextCall = { manifest, text, requestId, wanted: () => held.renew() };
  let tokens = 0;
  const next = await buildNextPart(id, store, call, {
    isTaught: examples !== undefined,
    probably: part,
    alive: () => held.renew(),
    onComputed: (computed) => {
      tokens = computed;
      recordPart(env, account, manifest, tokens);
    },
  });
  logCall("jobs", requestId, next === undefined ? {} : { part: next - 1, tokens });
  return next;
}

/** @returns the message of the part that is next */
async function afterPart(
  { account, id, model }: BuildMessage,
  next: number | undefined,
  store: SetStore,
  held: Turn,
  env: JobsBindings,
): Promise<BuildMessage | "over"> {
  if (!(await store.exists(account, id))) {
    await store.removeLeft(account, id);
    return "over";
  }
  if (next !== undefined) return { account, id, model, part: next, turn: held.next };
  await new SetNames(env, account).computed(id, configuredModel(model).revision);
  await held.end();
  return "over";
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

/** @param delayOfEach milliseconds */
export async function send(
  messages: readonly BuildMessage[],
  { BUILDS }: JobsBindings,
  delayOfEach: (message: BuildMessage) => number = () => 0,
): Promise<void> {
  for (const message of messages) await sendMessage(BUILDS, message, delayOfEach(message));
}
