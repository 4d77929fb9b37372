/**
 * Downloads shards ahead of the one that is becoming a session, a few at a time: enough to keep the line busy, few
 * enough that what waits fits beside what is loaded.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { inOrder } from "./in-order.ts";
import { type ObjectReader, readVerified } from "../model-store/read-verified.ts";

/** Where shards come from. */
export interface ShardSource {
  bucket: ObjectReader;
  /** `<alias>/<revision>`. */
  prefix: string;
}

export interface ShardBytes {
  graph: Uint8Array<ArrayBuffer>;
  weights: Uint8Array<ArrayBuffer>;
}

/** Shards on their way at once; chosen by measurement, see `docs/benchmarks/cold-start.md`. */
const AHEAD = 3;

/**
 * The shards' bytes in order, verified.
 * @param onProgress called with every piece that arrives
 * @throws ServiceError `model_unavailable`
 */
export function downloadShards(
  shards: readonly Shard[],
  source: ShardSource,
  onProgress: () => void,
): AsyncGenerator<ShardBytes> {
  return inOrder(shards, AHEAD, (shard) => downloadShard(shard, source, onProgress));
}

async function downloadShard(
  { graph, weights }: Shard,
  { bucket, prefix }: ShardSource,
  onProgress: () => void,
): Promise<ShardBytes> {
  const [graphBytes, weightBytes] = await Promise.all([
    readVerified(bucket, `${prefix}/${graph.file}`, graph, onProgress),
    readVerified(bucket, `${prefix}/${weights.file}`, weights, onProgress),
  ]);
  return { graph: graphBytes, weights: weightBytes };
}
