/** Asks the jobs Worker to finish a label set. */
import { modelReference } from "../../../model-shards/model-reference.ts";
import { AccountBuilds } from "../../label-sets/builds/account-builds.ts";
import { abandonChain, beginChain } from "../../label-sets/builds/build-claim.ts";
import { MAX_OPEN_BUILDS } from "../../label-sets/builds/build-limits.ts";
import { OpenBuilds } from "../../label-sets/builds/open-builds.ts";
import { type LabelSetSummary, SetStore } from "../../label-sets/set-store.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { warn } from "../../runtime/warn.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { withDefinition } from "./with-definition.ts";

type BuildContext = Pick<EmbedContext, "env" | "manifest">;

/**
 * A set counts among those that the account has computed, before anything of it is stored.
 * @throws ServiceError `rate_limit_exceeded` if they are as many as may be; `overloaded`; `model_unavailable`
 */
export async function openBuild({ env, manifest }: BuildContext, account: string, id: string): Promise<void> {
  const build = { id, model: modelReference(manifest) };
  const marks = new OpenBuilds(env.SETS);
  const builds = new AccountBuilds(env, account);
  await marks.open(account, build);
  if (await builds.open(build)) return;
  await marks.over(account, build);
  await resumeOthers(builds, env);
  const message = `the account has ${MAX_OPEN_BUILDS} label sets that are being computed; wait until one is ready, or delete some`;
  throw new ServiceError("rate_limit_exceeded", message);
}

/** If the messages of those that have their turn were lost, none of the account's sets would ever be ready. Never throws. */
async function resumeOthers(builds: AccountBuilds, env: BuildContext["env"]): Promise<void> {
  try {
    const { messages } = await builds.resume();
    for (const message of messages) await sendMessage(env.BUILDS, message);
  } catch (error) {
    warn("label sets not sent on", error);
  }
}

/**
 * A second request while the build is running changes nothing.
 * @param id id of a set that has a plan
 * @throws ServiceError `overloaded` if the queue accepts no message; as `openBuild`
 */
export async function requestBuild(context: BuildContext, account: string, id: string): Promise<void> {
  const { env, manifest } = context;
  const store = new SetStore(env.SETS);
  const turn = await beginChain(store, id, manifest.revision, () => openBuild(context, account, id));
  if (turn === undefined) return;
  const message = { account, id, model: modelReference(manifest), turn };
  try {
    await new AccountBuilds(env, account).keep(message);
    // Delay the message: R2 accepts one write a second for the claim, and the consumer begins with a write.
    await sendMessage(env.BUILDS, message, 1_000);
  } catch (cause) {
    await abandonChain(store, id, manifest.revision).catch((error: unknown) =>
      warn("claim not given up", error),
    );
    throw new ServiceError("overloaded", "the label set cannot be computed now; try again", { cause });
  }
}

/**
 * Resumes a build that has stopped, or that the request that stored the set did not come to. If that fails now, the next
 * request for the set tries again.
 */
export async function resumeBuild(
  context: BuildContext & Pick<EmbedContext, "client">,
  summary: LabelSetSummary,
): Promise<void> {
  const { account, id } = summary;
  try {
    const store = new SetStore(context.env.SETS);
    const { revision } = context.manifest;
    const { claim } = await store.claims.get(id, revision);
    // Nobody asked for it with this model.
    if (claim === undefined && summary.revision !== revision) return;
    if (claim === undefined && !(await planSet(summary, store, context.client))) return;
    await requestBuild(context, account, id);
  } catch (error) {
    warn("label set not taken up", error);
  }
}

/** @returns false if there is no such set */
async function planSet({ id, examples }: LabelSetSummary, store: SetStore, client: string): Promise<boolean> {
  if ((await store.plans.get(id, examples !== undefined)) !== undefined) return true;
  const plan = await withDefinition(store, id, (definition) => store.plans.ensure(id, definition), {
    client,
  });
  return plan !== undefined;
}
