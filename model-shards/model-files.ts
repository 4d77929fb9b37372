import type { Manifest, Shard, ShardFile } from "./manifest.ts";

/** Every file of a model except its manifest. */
export function modelFiles({ image, text }: Manifest): ShardFile[] {
  return [...shardFiles(image.shards), ...shardFiles(text.shards), text.token_embedding];
}

export function shardFiles(shards: readonly Shard[]): ShardFile[] {
  return shards.flatMap(({ graph, weights }) => [graph, weights]);
}

/** Name of the manifest in a built model's folder, and in R2 below `<alias>/<revision>/`. */
export const MANIFEST_FILE = "manifest.json";
