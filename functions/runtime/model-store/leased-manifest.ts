/** A model's manifest, read from R2 once per isolate and then kept. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { type Anchor, LeasedLoad } from "../lease.ts";
import { loadManifest } from "./load-manifest.ts";
import type { ObjectReader } from "./read-verified.ts";

const manifests = new Map<string, LeasedLoad<Manifest>>();

/**
 * @param model `<alias>@<revision>`
 * @throws ServiceError as `loadManifest`; the next request tries again
 */
export async function leasedManifest(bucket: ObjectReader, model: string, anchor: Anchor): Promise<Manifest> {
  let lease = manifests.get(model);
  if (lease === undefined) manifests.set(model, (lease = new LeasedLoad()));
  return await lease.get(() => loadManifest(bucket, model), anchor);
}
