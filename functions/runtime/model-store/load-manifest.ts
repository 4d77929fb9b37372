/**
 * Reads a model's manifest from R2. The revision in the Worker's configuration is the hash of the manifest's
 * content, so a manifest that does not hash to it, of another build or damaged, is refused like a damaged shard.
 */
import { type Manifest, manifestSchema } from "../../../model-shards/manifest.ts";
import { computeRevision } from "../../../model-shards/revision.ts";
import { DEADLINES, withDeadline } from "../deadline.ts";
import { ServiceError } from "../errors.ts";
import { configuredModel } from "./configured-model.ts";
import type { ObjectReader } from "./read-verified.ts";

/**
 * @param model the variable MODEL: `<alias>@<revision>`
 * @throws ServiceError `model_unavailable` (not in R2, damaged, R2 failing), `not_configured` (malformed MODEL)
 */
export async function loadManifest(bucket: ObjectReader, model: string): Promise<Manifest> {
  const { prefix, revision } = configuredModel(model);
  const key = `${prefix}/manifest.json`;
  let json: unknown;
  try {
    json = await withDeadline(DEADLINES.r2, async () => {
      const object = await bucket.get(key);
      if (object === null) throw new Error("no such object");
      return await new Response(object.body).json();
    });
  } catch (cause) {
    throw new ServiceError("model_unavailable", `model ${model}: its manifest cannot be read`, { cause });
  }
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
