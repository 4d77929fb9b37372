/** Writes one shard, its ONNX graph and its external data, and describes it for the manifest. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shard, ShardFile } from "../../model-shards/manifest.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { BuildError } from "../build-error.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";

/**
 * @param name of both files, without extension, for example `image-00`
 */
export async function writeShard(folder: string, name: string, units: TowerUnit[]): Promise<Shard> {
  const [first, last] = [units.at(0), units.at(-1)];
  if (first === undefined || last === undefined) throw new BuildError(`shard ${name} would hold nothing`);
  const builder = new GraphBuilder(name, `${name}.data`);
  const inputs = [first.input];
  let x = builder.input(first.input);
  for (const unit of units) {
    for (const input of unit.extraInputs ?? []) {
      builder.input(input, "int64");
      inputs.push(input);
    }
    x = await unit.emit(builder, x);
  }
  builder.output(last.output);
  const { graph, data } = builder.finish();
  return {
    graph: await writeShardFile(folder, `${name}.onnx`, graph),
    weights: await writeShardFile(folder, `${name}.data`, data),
    inputs,
    output: last.output,
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
