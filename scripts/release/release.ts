/**
 * How a deployment comes to serve other models or other code, here and at Cloudflare: what is new is started beside what
 * serves, tried, given the stored label sets, put in its place, and tried again where clients ask. If anything fails, what
 * served before serves again.
 */
import type { Manifest } from "../../model-shards/manifest.ts";
import { smokeTest } from "./smoke-test.ts";
import { warmUp } from "./warm-up.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { afterOwed } from "./with-clean-up.ts";

export interface Candidate {
  /** Where it answers before it serves, without a final slash. */
  url: string;
  /** Lets it serve. @returns where clients ask, without a final slash */
  promote(): Promise<string>;
  /** It serves and has passed every test: takes away what nobody goes back to. */
  settle(): Promise<void>;
  /** Lets serve what served before, whatever of `promote` was done. */
  revert(): Promise<void>;
}

export interface Target {
  /** Starts a candidate. @param say what was done */
  stage(manifests: readonly Manifest[], say: (line: string) => void): Promise<Candidate>;
  /** API key of an operator; undefined where none is needed. */
  key: string | undefined;
  /** How long a new deployment may take to answer. Seconds. */
  patience?: number;
}

/**
 * @param say told what was done, as it is done
 * @returns where it serves
 * @throws Error saying what failed, and, if letting the former deployment serve failed too, that
 */
export async function release(
  target: Target,
  manifests: readonly Manifest[],
  say: (line: string) => void,
): Promise<string> {
  const candidate = await target.stage(manifests, say);
  let url: string;
  try {
    for (const manifest of manifests) {
      const seconds = await smokeTest(candidate.url, target, manifest);
      say(`${manifest.id} ${manifest.revision} answers; the first picture took ${seconds.toFixed(1)} s`);
      const computed = await warmUp(candidate.url, target.key, manifest);
      say(`stored label sets computed for it: ${computed}`);
    }
    url = await candidate.promote();
    for (const manifest of manifests) await smokeTest(url, target, manifest);
  } catch (error) {
    throw await afterOwed(error, () => candidate.revert());
  }
  say(`serving ${manifests.map((manifest) => modelReference(manifest)).join(", ")}`);
  await candidate.settle();
  return url;
}
