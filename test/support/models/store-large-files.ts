/** Stores models in the local R2 of a Miniflare that starts later on the same folder. */
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { R2Bucket } from "@cloudflare/workers-types";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { modelFiles } from "../../../model-shards/model-files.ts";
import { BUCKETS } from "../../../scripts/cloudflare/resource-names.ts";
import { putModel } from "../../../scripts/models/models-in-r2.ts";
import { allowLargeFiles } from "../memory/isolate-heap.ts";

/** Bytes of a file that a local R2 with the heap of an isolate still takes: a file goes through the heap as a whole. */
const MAX_FILE_BYTES = 50_000_000;

export function hasLargeFile(manifest: Manifest): boolean {
  return modelFiles(manifest).some(({ bytes }) => bytes > MAX_FILE_BYTES);
}

/**
 * Stores models with the heap that their files need.
 * @param folders the built models'
 * @param storage what the later Miniflare has as `resourcePersistencePath`
 */
export async function storeLargeFiles(folders: readonly string[], storage: string): Promise<void> {
  allowLargeFiles();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      modules: true,
      script: "export default {};",
      r2Buckets: { MODELS: BUCKETS.models },
      resourcePersistencePath: storage,
    }),
  );
  try {
    const bucket = (await miniflare.getR2Bucket("MODELS")) as unknown as R2Bucket;
    for (const folder of folders) await putModel(bucket, folder);
  } finally {
    await miniflare.dispose();
  }
}
