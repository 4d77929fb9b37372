/** Asks the jobs Worker to finish a label set. */
import { modelReference } from "../../../model-shards/model-reference.ts";
import { AccountBuilds } from "../../label-sets/builds/account-builds.ts";
import { abandonChain, beginChain } from "../../label-sets/builds/build-claim.ts";
import { SetStore } from "../../label-sets/set-store.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { warn } from "../../runtime/warn.ts";
import type { EmbedContext } from "../embed/embed-context.ts";

type BuildContext = Pick<EmbedContext, "env" | "manifest">;

/**
 * A set counts among those that the account has computed, before anything of it is stored.
 * @throws ServiceError `rate_limit_exceeded` if they are as many as may be; `overloaded`
 */
export async function openBuild({ env, manifest }: BuildContext, account: string, id: string): Promise<void> {
  await new AccountBuilds(env, account).open({ id, model: modelReference(manifest) });
}

/**
 * A second request while the build is running changes nothing.
 * @param id id of a set that has a plan
 * @throws ServiceError `overloaded` if the queue accepts no message; `model_unavailable`; as `openBuild`
 */
export async function requestBuild(context: BuildContext, account: string, id: string): Promise<void> {
  const { env, manifest } = context;
  const store = new SetStore(env.SETS);
  const turn = await beginChain(store, id, manifest.revision, () => openBuild(context, account, id));
  if (turn === undefined) return;
  const message = { account, id, model: modelReference(manifest), turn };
  try {
    // Delay the message: R2 accepts one write a second for the claim, and the consumer begins with a write.
    await sendMessage(env.BUILDS, message, 1_000);
  } catch (cause) {
    await abandonChain(store, id, manifest.revision).catch((error: unknown) =>
      warn("claim not given up", error),
    );
    throw new ServiceError("overloaded", "the label set cannot be computed now; try again", { cause });
  }
}

/** Resumes a build that has stopped. If that fails now, the next request for the set tries again. */
export async function resumeBuild(context: BuildContext, account: string, id: string): Promise<void> {
  try {
    const { claim } = await new SetStore(context.env.SETS).claims.get(id, context.manifest.revision);
    if (claim !== undefined) await requestBuild(context, account, id);
  } catch (error) {
    warn("label set not taken up", error);
  }
}
