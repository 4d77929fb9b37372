/**
 * How a deployment comes to serve other models, here and at Cloudflare: their towers and a gateway bound to them are
 * started beside what serves, tried, given the stored label sets, and only then put in its place. If anything fails,
 * what served goes on serving.
 */
import type { Manifest } from "../../model-shards/manifest.ts";
import { smokeTest } from "./smoke-test.ts";
import { warmUp } from "./warm-up.ts";
import { modelReference } from "../../model-shards/model-reference.ts";

export interface Candidate {
  /** Of its gateway, without a final slash. */
  url: string;
  /** Lets it serve. */
  promote(): Promise<void>;
  /** Takes it away. */
  discard(): Promise<void>;
}

export interface Target {
  /** Starts a candidate. @param say what is being done */
  stage(manifests: readonly Manifest[], say: (line: string) => void): Promise<Candidate>;
  /** API key of an operator; undefined where none is needed. */
  key: string | undefined;
}

/** @throws Error saying what failed; nothing has changed for clients then */
export async function release(
  target: Target,
  manifests: readonly Manifest[],
  say: (line: string) => void,
): Promise<void> {
  const candidate = await target.stage(manifests, say);
  try {
    for (const manifest of manifests) {
      const seconds = await smokeTest(candidate.url, target.key, manifest);
      say(`${manifest.id} ${manifest.revision} answers; the first picture took ${seconds.toFixed(1)} s`);
      const computed = await warmUp(candidate.url, target.key, manifest);
      say(`stored label sets computed for it: ${computed}`);
    }
    await candidate.promote();
  } catch (error) {
    await candidate.discard();
    throw error;
  }
  say(`serving ${manifests.map((manifest) => modelReference(manifest)).join(", ")}`);
}
