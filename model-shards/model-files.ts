import type { Manifest, ShardFile } from "./manifest.ts";

/** Every file of a model except its manifest. */
export function modelFiles({ image, text }: Manifest): ShardFile[] {
  const shards = [...image.shards, ...text.shards];
  return [...shards.flatMap(({ graph, weights }) => [graph, weights]), text.token_embedding];
}
