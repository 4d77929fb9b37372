/** Has the jobs Worker finish a label set. */
import { modelReference } from "../../../model-shards/model-reference.ts";
import { abandonChain, beginChain } from "../../label-sets/build-claim.ts";
import { SetStore } from "../../label-sets/set-store.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { warn } from "../../runtime/warn.ts";
import type { EmbedContext } from "../embed/embed-context.ts";

type BuildContext = Pick<EmbedContext, "env" | "manifest">;

/**
 * Asking again while it is under way changes nothing.
 * @param id of a set that has been planned
 * @throws ServiceError `overloaded` while the queue takes nothing; `model_unavailable`
 */
export async function requestBuild(
  { env, manifest }: BuildContext,
  account: string,
  id: string,
): Promise<void> {
  const store = new SetStore(env.SETS);
  const turn = await beginChain(store, id, manifest.revision);
  if (turn === undefined) return;
  const message = { account, id, model: modelReference(manifest), turn };
  try {
    // R2 takes one write a second for the claim, and the consumer's first act is the next.
    await withDeadline(DEADLINES.small, () => env.BUILDS.send(message, { delaySeconds: 1 }));
  } catch (cause) {
    await abandonChain(store, id, manifest.revision).catch((error: unknown) =>
      warn("claim not given up", error),
    );
    throw new ServiceError("overloaded", "the label set cannot be computed now; try again", { cause });
  }
}

/** Takes up a build that was begun and has come to a halt. One that cannot be taken up now is left to the next to ask. */
export async function resumeBuild(context: BuildContext, account: string, id: string): Promise<void> {
  try {
    const { claim } = await new SetStore(context.env.SETS).claims.get(id, context.manifest.revision);
    if (claim !== undefined) await requestBuild(context, account, id);
  } catch (error) {
    warn("label set not taken up", error);
  }
}
