/** Lets a deployment compute, before it serves, the stored label sets that its model has not computed yet. */
import * as z from "zod";
import type { Manifest } from "../../model-shards/manifest.ts";
import { askPatiently } from "../service/patient-request.ts";

const answerSchema = z.object({
  computed: z.string().nullable(),
  after: z.string().nullable(),
  skipped: z.array(z.string()).default([]),
});

/**
 * @param key API key of an operator
 * @param removesFormer see `Candidate.removesFormerVectors`
 * @returns number of sets of which something was computed, and the ids of those that must be stored again, because their
 * examples have no vectors of the model
 * @throws Error if the deployment refuses; what may work later, such as an answer that was lost on the way, is asked again
 */
export async function computeStoredSets(
  url: string,
  key: string | undefined,
  { alias }: Manifest,
  removesFormer = false,
): Promise<{ computed: number; skipped: string[] }> {
  const computed = new Set<string>();
  const skipped = new Set<string>();
  for (let after: string | null = ""; after !== null;) {
    const body = JSON.stringify({ model: alias, after, remove_former: removesFormer });
    const response = await askPatiently({ url, key }, "/v1/operator/compute_label_sets", () => ({
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }));
    const text = await response.text();
    if (!response.ok) throw new Error(`computing the stored label sets failed: ${response.status} ${text}`);
    const answer = answerSchema.parse(JSON.parse(text));
    if (answer.computed !== null) computed.add(answer.computed);
    for (const id of answer.skipped) skipped.add(id);
    ({ after } = answer);
  }
  return { computed: computed.size, skipped: [...skipped] };
}
