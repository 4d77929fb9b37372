/** Describes a stored label set, for one model, as the API shows it. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { ChosenAdapter } from "../../adapter/choose-adapter.ts";
import { isComplete, type LabelSetSummary, type SetStore } from "../../label-sets/set-store.ts";

export interface DescribedSet {
  id: string;
  object: "label_set";
  /** The name that leads to it; if several do, the one that was given last. */
  name: string | null;
  /** The owner's description. */
  title: string | null;
  /** The model that the status refers to, and its current revision. */
  model: string;
  revision: string;
  /** True if all of the set's embeddings exist for that revision. */
  status: "ready" | "building";
  labels: number;
  prompts: number;
  prompts_done: number;
  templates: readonly string[];
  /** Seconds since 1970. */
  created_at: number;
  /** Length of the packed embeddings, bytes, once they exist. */
  bytes: number | null;
  /** What was chosen for the set's examples, and their number; null until then, absent for a set without any. */
  adapter?: (ChosenAdapter & { examples: number }) | null;
  /** True if that revision has no vectors of the examples, so that the set must be stored again; absent without any. */
  missing_examples?: boolean;
}

/** @param nameOf gives the set's name; it is told if the set is ready */
export async function describeSet(
  summary: LabelSetSummary,
  store: SetStore,
  { id: model, revision }: Manifest,
  nameOf: (isReady: boolean) => string | undefined | Promise<string | undefined>,
): Promise<DescribedSet> {
  const { id, name: title, examples, labels, prompts, templates, created_at } = summary;
  const stored = await store.ready(id, revision);
  const ready = isComplete(stored, examples !== undefined) ? stored : undefined;
  const bytes = ready?.bytes;
  const done = bytes === undefined ? await promptsDone(summary, store, revision) : prompts;
  return {
    id,
    object: "label_set",
    name: (await nameOf(bytes !== undefined)) ?? null,
    title,
    model,
    revision,
    status: bytes === undefined ? "building" : "ready",
    labels,
    prompts,
    prompts_done: done,
    templates,
    created_at,
    bytes: bytes ?? null,
    ...(examples !== undefined && {
      adapter: ready?.adapter ? { ...ready.adapter, examples } : null,
      missing_examples: ready === undefined && !(await store.examples.has(id, revision)),
    }),
  };
}

/** Prompts that are done. The last part also holds negative prompts, which are not counted. */
async function promptsDone(
  { id, prompts }: LabelSetSummary,
  store: SetStore,
  revision: string,
): Promise<number> {
  let done = 0;
  for (const part of (await store.parts.list(id, revision)).values()) done += part.prompts;
  return Math.min(done, prompts);
}
