/** Writes a shard: its ONNX graph and its external data. Returns its entry in the manifest. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shard, ShardFile } from "../../model-shards/manifest.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";
import { assembleGraph } from "./assemble-graph.ts";

/**
 * @param name of both files, without extension, for example `image-00`
 */
export async function writeShard(folder: string, name: string, units: TowerUnit[]): Promise<Shard> {
  const { graph, data, inputs, output } = await assembleGraph(name, units);
  return {
    graph: await writeShardFile(folder, `${name}.onnx`, graph),
    weights: await writeShardFile(folder, `${name}.data`, data),
    inputs,
    output,
    holds: units.map((unit) => unit.name).join(" "),
    peak_activation_bytes: Math.max(...units.map((unit) => unit.peakActivationBytes)),
  };
}

async function writeShardFile(
  folder: string,
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ShardFile> {
  await writeFile(join(folder, file), bytes);
  return { file, bytes: bytes.byteLength, sha256: await sha256Hex(bytes) };
}
