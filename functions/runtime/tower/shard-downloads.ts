/**
 * Downloads shards ahead of the one that is becoming a session, a few at a time: enough to keep the line busy, few
 * enough that what waits fits beside what is loaded.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
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
export async function* downloadShards(
  shards: readonly Shard[],
  source: ShardSource,
  onProgress: () => void,
): AsyncGenerator<ShardBytes> {
  const left = shards.values();
  const underWay: Promise<ShardBytes>[] = [];
  const startNext = (): void => {
    const { value: shard } = left.next();
    if (shard === undefined) return;
    const download = downloadShard(shard, source, onProgress);
    // One that fails while an earlier one is awaited is reported when its turn comes.
    download.catch(() => {});
    underWay.push(download);
  };
  for (let i = 0; i < AHEAD; i++) startNext();
  for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
    const bytes = await next;
    startNext();
    yield bytes;
  }
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
