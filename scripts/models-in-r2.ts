/**
 * Puts a built model into the local R2 bucket, unless it is there: all files under `<alias>/<revision>/`, the
 * manifest last, so that a manifest in the bucket means a complete model.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import { type Manifest, manifestSchema } from "../model-shards/manifest.ts";
import { modelFiles } from "../model-shards/model-files.ts";

export async function readManifest(folder: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
}

/**
 * @param folder of a built model, `model-shards/<alias>`
 * @returns the files written; 0 if the model was there
 */
export async function putModel(bucket: Pick<R2Bucket, "head" | "put">, folder: string): Promise<number> {
  const manifest = await readManifest(folder);
  const prefix = `${manifest.alias}/${manifest.revision}`;
  if (await bucket.head(`${prefix}/manifest.json`)) return 0;
  const files = modelFiles(manifest);
  for (const { file, sha256 } of files) {
    await bucket.put(`${prefix}/${file}`, await readFile(join(folder, file)), { sha256 });
  }
  await bucket.put(`${prefix}/manifest.json`, await readFile(join(folder, "manifest.json")));
  return files.length + 1;
}
