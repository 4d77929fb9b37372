/** Finishes large label sets in the background: each message is one part, and asks for the next. */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { leasedManifest } from "../../runtime/model-store/leased-manifest.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import type { Bindings } from "../env.ts";
import { Timings } from "../http/timings.ts";
import { servedModels } from "../served-models.ts";
import { buildNextPart } from "./build-set.ts";
import { SetStore } from "../../label-sets/set-store.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";

export interface BuildMessage {
  account: string;
  id: string;
  /** `<alias>@<revision>`. */
  model: string;
}

/**
 * Has a set finished in the background. Asking twice changes nothing.
 * @throws ServiceError `overloaded` while the queue takes nothing
 */
export async function requestBuild(
  { env, manifest }: Pick<EmbedContext, "env" | "manifest">,
  account: string,
  id: string,
): Promise<void> {
  try {
    const model = modelReference(manifest);
    const message: BuildMessage = { account, id, model };
    await withDeadline(DEADLINES.small, () => env.BUILDS.send(message));
  } catch (cause) {
    throw new ServiceError("overloaded", "the label set cannot be computed now; try again", { cause });
  }
}

/** Seconds before a part is tried again. */
const RETRY_DELAY = 10;

export async function buildFromQueue(
  batch: MessageBatch<BuildMessage>,
  env: Bindings,
  ctx: ExecutionContext,
): Promise<void> {
  for (const message of batch.messages) {
    try {
      await build(message.body, env, ctx);
      message.ack();
    } catch (error) {
      const code = error instanceof ServiceError ? error.code : undefined;
      console.warn(JSON.stringify({ warning: "part of a label set failed", code, error: String(error) }));
      message.retry({ delaySeconds: RETRY_DELAY });
    }
  }
}

async function build(
  { account, id, model }: BuildMessage,
  env: Bindings,
  ctx: ExecutionContext,
): Promise<void> {
  const towers = servedModels(env).find(({ reference }) => reference === model);
  const store = new SetStore(env.SETS);
  const definition = (await store.exists(account, id)) ? await store.definition(id) : undefined;
  // Deleted, or the model taken out of service, in the meantime.
  if (definition === undefined || towers === undefined) return;
  const waitUntil = (work: Promise<unknown>): void => ctx.waitUntil(work);
  const manifest = await leasedManifest(env.MODELS, model, waitUntil);
  const requestId = `queue_${id}`;
  const context = { env, manifest, towers, timings: new Timings(), requestId, wanted: () => true, waitUntil };
  if (await buildNextPart(id, definition, store, context)) await requestBuild(context, account, id);
}
