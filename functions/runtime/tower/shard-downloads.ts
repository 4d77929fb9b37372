/**
 * Downloads a few shards ahead of the one whose session is being created: enough to use the whole bandwidth, few enough
 * that the waiting shards fit in memory beside the loaded ones.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import type { Place } from "../model-store/arrivals.ts";
import { downloadParts } from "../model-store/download-parts.ts";
import type { ModelSource } from "../model-store/model-source.ts";

export interface ShardBytes {
  graph: Uint8Array<ArrayBuffer>;
  weights: Uint8Array<ArrayBuffer>;
}

/** Shards that are downloaded at once. */
const AHEAD = 3;

/**
 * The shards' bytes in order, verified.
 * @param onProgress called with every piece that arrives
 * @throws ServiceError `model_unavailable`
 */
export async function* downloadShards(
  shards: readonly Shard[],
  source: ModelSource,
  onProgress: () => void,
): AsyncGenerator<ShardBytes> {
  const buffers = new Map<number, Uint8Array<ArrayBuffer>>();
  // Resolved when a shard may be downloaded: at once for the first few, then one more for each shard that was taken.
  const rooms = shards.map(() => Promise.withResolvers<void>());
  for (const { promise } of rooms) promise.catch(() => {});
  for (const { resolve } of rooms.slice(0, AHEAD)) resolve();
  const parts = shards.flatMap(({ graph, weights }) => [graph, weights]);
  const place = async (index: number): Promise<Place> => {
    await rooms[index >> 1]?.promise;
    const buffer = buffers.get(index) ?? new Uint8Array(parts[index]?.bytes ?? 0);
    buffers.set(index, buffer);
    return () => buffer;
  };
  const take = (index: number): Uint8Array<ArrayBuffer> => {
    const buffer = buffers.get(index);
    if (buffer === undefined) throw new Error(`part ${index} has not been downloaded`);
    buffers.delete(index);
    return buffer;
  };
  try {
    const onArrived = (): void => source.report?.arrived();
    for await (const index of downloadParts(source, { parts, place, onProgress, onArrived })) {
      if (index % 2 === 0) continue;
      yield { graph: take(index - 1), weights: take(index) };
      rooms[(index >> 1) + AHEAD]?.resolve();
    }
  } finally {
    for (const { reject } of rooms) reject(new Error("the download has ended"));
  }
}
