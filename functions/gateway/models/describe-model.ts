/** Describes a model as the API shows it. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { MANIFEST_FILE } from "../../../model-shards/model-files.ts";
import { modelFiles } from "../../../model-shards/model-files.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { dotOfHost } from "../../runtime/simd/dot-of-host.ts";
import { type WaitUntil, LeasedLoad } from "../../runtime/sharing/lease.ts";
import { int8Scale } from "../vectors/output-type.ts";

/** When each model was added to R2, by reference, seconds since 1970. Read once for each isolate. */
const created = new Map<string, LeasedLoad<number>>();

/** @throws ServiceError `model_unavailable` */
async function createdAt(manifest: Manifest, models: R2Bucket, waitUntil: WaitUntil): Promise<number> {
  const reference = modelReference(manifest);
  const lease = created.get(reference) ?? new LeasedLoad<number>();
  created.set(reference, lease);
  const read = async (): Promise<number> => {
    try {
      const object = await withDeadline(DEADLINES.r2, () =>
        models.head(`${manifest.alias}/${manifest.revision}/${MANIFEST_FILE}`),
      );
      if (object === null) throw new Error("the manifest does not exist");
      return Math.floor(object.uploaded.getTime() / 1000);
    } catch (cause) {
      const message = `model ${reference}: its manifest cannot be read`;
      throw new ServiceError("model_unavailable", message, { cause });
    }
  };
  return await lease.get(read, waitUntil);
}

/**
 * OpenAI's model object, with the additional fields of this API.
 * @param models the bucket that holds the model
 * @throws ServiceError `model_unavailable`
 */
export async function describeModel(
  manifest: Manifest,
  models: R2Bucket,
  waitUntil: WaitUntil,
): Promise<object> {
  return {
    id: manifest.id,
    object: "model",
    created: await createdAt(manifest, models, waitUntil),
    owned_by: manifest.id.split("/", 1)[0],
    alias: manifest.alias,
    revision: manifest.revision,
    embedding_width: manifest.embedding_width,
    int8_scale: int8Scale(manifest),
    image_size: manifest.image.size,
    context_length: manifest.text.context_length,
    license: manifest.license,
    ...published(manifest),
    bytes: modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
    dot: await dotOfHost(),
  };
}

/** Figures that older manifests do not have. */
function published(manifest: Manifest) {
  if (manifest.format === "edgeclip-manifest/1") return { parameters: null, imagenet_zero_shot: null };
  return { parameters: manifest.parameters, imagenet_zero_shot: manifest.imagenet_zero_shot ?? null };
}
