/**
 * How a deployment changes its models or code, on this machine and at Cloudflare. The new Workers start beside the
 * serving ones, are tested, compute the stored label sets, take over, and are tested again at the public URL. If
 * anything fails, the former Workers serve again.
 */
import type { Manifest } from "../../model-shards/manifest.ts";
import { smokeTest } from "./smoke-test.ts";
import { computeStoredSets } from "./compute-stored-sets.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { afterOwed } from "./with-clean-up.ts";

export interface Candidate {
  /** URL at which it can be tested before it serves, without a final slash. */
  url: string;
  /** True to delete what only release 0.1.0 reads, because it cannot serve again. */
  removesFormerVectors?: boolean;
  /** Lets it serve. @returns the public URL, without a final slash */
  promote(): Promise<string>;
  /** Called when it serves and has passed every test: removes what is no longer needed. */
  settle(): Promise<void>;
  /** Lets the former deployment serve again, also if `promote` failed halfway. */
  revert(): Promise<void>;
}

export interface Target {
  /** Starts a candidate. @param log called with each finished step */
  stage(manifests: readonly Manifest[], log: (line: string) => void): Promise<Candidate>;
  /** API key of an operator; undefined if none is needed. */
  key: string | undefined;
  /** Seconds within which a new deployment must answer. */
  patience?: number;
}

/**
 * @param log called with each finished step
 * @returns the public URL
 * @throws Error that says what failed, and whether reverting failed as well
 */
export async function release(
  target: Target,
  manifests: readonly Manifest[],
  log: (line: string) => void,
): Promise<string> {
  const candidate = await target.stage(manifests, log);
  let url: string;
  try {
    for (const manifest of manifests) {
      const seconds = await smokeTest(candidate.url, target, manifest);
      log(`${manifest.id} ${manifest.revision} answers; the first picture took ${seconds.toFixed(1)} s`);
      const { computed, skipped } = await computeStoredSets(
        candidate.url,
        target.key,
        manifest,
        candidate.removesFormerVectors,
      );
      log(`stored label sets computed for it: ${computed}`);
      if (skipped.length > 0) {
        log(
          `label sets whose examples have no vectors of it, and which their owners must store again: ${skipped.join(", ")}`,
        );
      }
    }
    url = await candidate.promote();
    for (const manifest of manifests) await smokeTest(url, target, manifest);
  } catch (error) {
    throw await afterOwed(error, () => candidate.revert());
  }
  log(`serving ${manifests.map((manifest) => modelReference(manifest)).join(", ")}`);
  await candidate.settle();
  return url;
}
