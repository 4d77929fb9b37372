/**
 * Cuts a tower between units so that a shard's weights stay below a limit. While a shard is loaded, an isolate holds it
 * twice: the downloaded bytes and their copy in the WASM heap.
 */
import type { Precision } from "../towers/emitter.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";

/** The most bytes of weights in a shard. A single unit that is larger gets a shard of its own. */
export const SHARD_BYTES = 12_000_000;

/**
 * Takes units in order, and starts a new shard whenever the next unit would exceed the limit.
 * @param extraBytes bytes that promoted units need beyond int8, by name
 */
export function planShards(
  units: TowerUnit[],
  precision: Precision,
  shardBytes: number = SHARD_BYTES,
  extraBytes: ReadonlyMap<string, number> = new Map(),
): TowerUnit[][] {
  const bytesPerParameter = precision === "int8" ? 1 : 4;
  // fp32 models are built to distinguish errors of the graph from errors of quantization. Their shards have the same
  // units.
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
