/**
 * Reads a model's manifest, from the data center's cache if possible, else from R2. The revision in the Worker's
 * configuration is the hash of the manifest's content. A manifest with another hash is damaged or of another build, and
 * is refused like a damaged shard.
 */
import { type Manifest, manifestSchema } from "../../../model-shards/manifest.ts";
import { MANIFEST_FILE } from "../../../model-shards/model-files.ts";
import { computeRevision } from "../../../model-shards/revision.ts";
import { DEADLINES, withDeadline } from "../deadline.ts";
import { ServiceError } from "../errors.ts";
import { configuredModel } from "./configured-model.ts";
import type { ModelBindings } from "./model-source.ts";
import { askShards, forgetDamaged, warnOfCache } from "./shards-cache.ts";
import { manifestPath } from "./slices.ts";
import { SourceReport } from "./source-report.ts";

export interface LoadedManifest {
  manifest: Manifest;
  /** The report so far, for what is loaded next. */
  report: SourceReport;
}

/**
 * @param model the variable MODEL: `<alias>@<revision>`
 * @throws ServiceError `model_unavailable` (not in R2, damaged, R2 failing), `not_configured` (malformed MODEL)
 */
export async function loadManifest(
  { MODELS: bucket, SHARDS: shards }: ModelBindings,
  model: string,
): Promise<LoadedManifest> {
  const { prefix, revision } = configuredModel(model);
  const report = new SourceReport();
  const begun = Date.now();
  /** True if the cache gave a whole manifest that is not the model's. */
  let isDamaged = false;
  if (shards !== undefined) {
    try {
      const { response, origin } = await askShards(shards, manifestPath(prefix));
      const json = await withDeadline(DEADLINES.cache, () => response.arrayBuffer());
      isDamaged = true;
      const manifest = await checked(JSON.parse(new TextDecoder().decode(json)), model, revision);
      report.bytes[origin] += json.byteLength;
      report.manifestMs = Date.now() - begun;
      return { manifest, report };
    } catch (error) {
      report.repaired.add(MANIFEST_FILE);
      warnOfCache(`${prefix}/${MANIFEST_FILE}: ${String(error)}`);
    }
  }
  let json: unknown;
  try {
    json = await withDeadline(DEADLINES.r2, async () => {
      const object = await bucket.get(`${prefix}/${MANIFEST_FILE}`);
      if (object === null) throw new Error("no such object");
      report.bytes.r2 += object.size;
      return await new Response(object.body).json();
    });
  } catch (cause) {
    throw new ServiceError("model_unavailable", `model ${model}: its manifest cannot be read`, { cause });
  }
  report.manifestMs = Date.now() - begun;
  const manifest = await checked(json, model, revision);
  // Only now: if R2's manifest were damaged too, the cache would get the same bytes again.
  if (isDamaged && shards !== undefined) await forgetDamaged(shards, prefix);
  return { manifest, report };
}

/** @throws ServiceError `model_unavailable` */
async function checked(json: unknown, model: string, revision: string): Promise<Manifest> {
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const message = `model ${model}: its manifest is of another version or damaged`;
    throw new ServiceError("model_unavailable", message, { cause: parsed.error });
  }
  if (parsed.data.revision !== revision || (await computeRevision(parsed.data)) !== revision) {
    throw new ServiceError("model_unavailable", `model ${model}: its manifest is of another revision`);
  }
  return parsed.data;
}
