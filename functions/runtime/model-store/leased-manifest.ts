/** The manifest of this Worker's model, read from R2 once per isolate and then kept. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { type Anchor, LeasedLoad } from "../lease.ts";
import { loadManifest } from "./load-manifest.ts";
import type { ObjectReader } from "./read-verified.ts";

const manifests = new Map<string, LeasedLoad<Manifest>>();

/** @throws ServiceError as `loadManifest`; the next request tries again */
export async function leasedManifest(
  env: { MODELS: ObjectReader; MODEL: string },
  anchor: Anchor,
): Promise<Manifest> {
  let lease = manifests.get(env.MODEL);
  if (lease === undefined) manifests.set(env.MODEL, (lease = new LeasedLoad()));
  return await lease.get(() => loadManifest(env.MODELS, env.MODEL), anchor);
}
