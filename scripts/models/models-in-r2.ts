/**
 * Models in R2. All files are below `<alias>/<revision>/`. The manifest is written last: if it is there, the model is
 * complete.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import { type Manifest, manifestSchema } from "../../model-shards/manifest.ts";
import { MANIFEST_FILE } from "../../model-shards/model-files.ts";
import { modelFiles } from "../../model-shards/model-files.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { readManifest } from "./read-manifest.ts";

export interface Pushed {
  /** Files that were written, and the sum of their bytes. */
  files: number;
  bytes: number;
  /** Bytes of files that were in the bucket already, with the right hash. */
  keptBytes: number;
}

/**
 * Writes the files that the bucket does not have with the right SHA-256. R2 checks the hash on arrival and stores it.
 * @param folder a built model's
 * @param onFile called after each file
 */
export async function putModel(
  bucket: Pick<R2Bucket, "head" | "put">,
  folder: string,
  onFile: (file: string) => void = () => {},
): Promise<Pushed> {
  const manifest = await readManifest(folder);
  const json = new Uint8Array(await readFile(join(folder, MANIFEST_FILE)));
  const last = { file: MANIFEST_FILE, bytes: json.byteLength, sha256: await sha256Hex(json) };
  const pushed = { files: 0, bytes: 0, keptBytes: 0 };
  for (const { file, bytes, sha256 } of [...modelFiles(manifest), last]) {
    const key = `${manifest.alias}/${manifest.revision}/${file}`;
    const present = await bucket.head(key);
    if (present?.checksums.toJSON().sha256 === sha256) {
      pushed.keptBytes += bytes;
    } else {
      await bucket.put(key, await readFile(join(folder, file)), { sha256 });
      pushed.files += 1;
      pushed.bytes += bytes;
    }
    onFile(file);
  }
  return pushed;
}

export interface StoredModel {
  manifest: Manifest;
  uploaded: Date;
}

/** The complete models in a bucket, the newest first. */
export async function storedModels(bucket: Pick<R2Bucket, "list" | "get">): Promise<StoredModel[]> {
  const models: StoredModel[] = [];
  for (let cursor: string | undefined; ;) {
    const listed = await bucket.list(cursor === undefined ? {} : { cursor });
    for (const { key, uploaded } of listed.objects.filter(({ key: name }) =>
      name.endsWith(`/${MANIFEST_FILE}`),
    )) {
      const object = await bucket.get(key);
      const parsed = manifestSchema.safeParse(await object?.json());
      // Manifests of another format version belong to another version of this project, and are skipped.
      if (parsed.success) models.push({ manifest: parsed.data, uploaded });
    }
    if (!listed.truncated) return models.toSorted((a, b) => b.uploaded.getTime() - a.uploaded.getTime());
    ({ cursor } = listed);
  }
}

/**
 * @param name `<alias>`, `<id>` or either with `@<revision>`; without a revision, the newest model of that name
 * @throws Error if there is no such model
 */
export function findModel(models: readonly StoredModel[], name: string): Manifest {
  const [, model, revision] = /^(.+?)(?:@([0-9a-f]{16}))?$/.exec(name) ?? [];
  const found = models.find(
    ({ manifest }) =>
      (manifest.alias === model || manifest.id === model) &&
      (revision ?? manifest.revision) === manifest.revision,
  );
  if (found !== undefined) return found.manifest;
  throw new Error(`there is no model ${name} in R2; "npm run model:list" lists the models`);
}
