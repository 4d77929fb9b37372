/** A model's manifest, read once per isolate and then kept. */
import { type WaitUntil, LeasedLoad } from "../sharing/lease.ts";
import { type LoadedManifest, loadManifest } from "./load-manifest.ts";
import type { ModelBindings } from "./model-source.ts";

const manifests = new Map<string, LeasedLoad<LoadedManifest>>();

/**
 * @param model `<alias>@<revision>`
 * @throws ServiceError as `loadManifest`; the next request tries again
 */
export async function leasedManifest(
  bindings: ModelBindings,
  model: string,
  waitUntil: WaitUntil,
): Promise<LoadedManifest> {
  let lease = manifests.get(model);
  if (lease === undefined) manifests.set(model, (lease = new LeasedLoad()));
  return await lease.get(() => loadManifest(bindings, model), waitUntil);
}
