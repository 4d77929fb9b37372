/**
 * Cuts a tower between units so that a shard's weights stay below a limit. The limit is what an isolate can hold
 * twice for a moment while loading: the downloaded bytes and their copy in the WASM heap.
 */
import type { Precision } from "../towers/emitter.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";

/** Bytes of weights a shard may hold; a single larger unit still gets a shard of its own. */
export const SHARD_BYTES = 12_000_000;

/**
 * Greedy: units in order, a new shard whenever the next unit would exceed the limit.
 * @param extraBytes of units that are not all int8, by name
 */
export function planShards(
  units: TowerUnit[],
  precision: Precision,
  shardBytes: number = SHARD_BYTES,
  extraBytes: ReadonlyMap<string, number> = new Map(),
): TowerUnit[][] {
  const bytesPerParameter = precision === "int8" ? 1 : 4;
  // fp32 is for telling a graph error from a quantization error; its shards hold the same units as int8's.
  const limit = shardBytes * bytesPerParameter;
  const shards: TowerUnit[][] = [];
  let bytes = 0;
  for (const unit of units) {
    const unitBytes = unit.parameters * bytesPerParameter + (extraBytes.get(unit.name) ?? 0);
    if (shards.length === 0 || bytes + unitBytes > limit) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(unit);
    bytes += unitBytes;
  }
  return shards;
}
