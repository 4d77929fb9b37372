/** What the API says about a stored label set and one model. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { LabelSetSummary, SetStore } from "../../label-sets/set-store.ts";

export interface DescribedSet {
  id: string;
  object: "label_set";
  name: string | null;
  /** The model that the status is about, and its present revision. */
  model: string;
  revision: string;
  /** Whether that revision has all of the set's embeddings. */
  status: "ready" | "building";
  labels: number;
  prompts: number;
  prompts_done: number;
  templates: readonly string[];
  /** Seconds since 1970. */
  created_at: number;
  /** Of the packed embeddings, once they are there. */
  bytes: number | null;
}

export async function describeSet(
  summary: LabelSetSummary,
  store: SetStore,
  { id: model, revision }: Manifest,
): Promise<DescribedSet> {
  const { id, name, labels, prompts, templates, created_at } = summary;
  const bytes = await store.vectorsBytes(id, revision);
  const done = bytes === undefined ? await promptsDone(summary, store, revision) : prompts;
  return {
    id,
    object: "label_set",
    name,
    model,
    revision,
    status: bytes === undefined ? "building" : "ready",
    labels,
    prompts,
    prompts_done: done,
    templates,
    created_at,
    bytes: bytes ?? null,
  };
}

/** The last part holds negative prompts as well, which are not counted. */
async function promptsDone(
  { id, prompts }: LabelSetSummary,
  store: SetStore,
  revision: string,
): Promise<number> {
  let done = 0;
  for (const part of (await store.parts.list(id, revision)).values()) done += part.prompts;
  return Math.min(done, prompts);
}
