/** Sends on their way again label sets whose messages were lost, so that none waits for somebody to ask for it. */
import { AccountBuilds } from "../../label-sets/builds/account-builds.ts";
import { markOf, OpenBuilds } from "../../label-sets/builds/open-builds.ts";
import type { Marked } from "../../runtime/account-marks.ts";
import { SweepPlace } from "../../runtime/sweep-place.ts";
import { send } from "../build-labels.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { MADE_AFTER_MS, sweepMarks } from "./sweep-marks.ts";

/** @returns of how many accounts sets were sent on, and how many marks without a set were removed */
export async function sweepBuilds(env: JobsBindings): Promise<number> {
  const sweep = new BuildSweep(env);
  const place = new SweepPlace(env.SETS, "sweep-builds");
  return await sweepMarks(
    new OpenBuilds(env.SETS),
    place,
    (marked) => sweep.careFor(marked),
    "label set not sent on",
  );
}

class BuildSweep {
  readonly #env: JobsBindings;
  /** Marks of the sets that an account has computed, by account: each is asked once, also if it does not answer. */
  readonly #open = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(env: JobsBindings) {
    this.#env = env;
  }

  async careFor({ account, id, markedAt }: Marked): Promise<boolean> {
    let sent = 0;
    const resume = async (): Promise<ReadonlySet<string>> => {
      const { messages, open } = await new AccountBuilds(this.#env, account).resume();
      await send(messages, this.#env);
      sent = messages.length;
      return new Set(open.map(markOf));
    };
    const known = this.#open.get(account) ?? resume();
    this.#open.set(account, known);
    const isOpen = (await known).has(id);
    if (isOpen || Date.now() - markedAt.getTime() < MADE_AFTER_MS) return sent > 0;
    await new OpenBuilds(this.#env.SETS).unmark(account, id);
    return true;
  }
}
