/**
 * A built model against its checkpoint in fp32. The shards are read back, verified, and cut into their units; each is
 * compared given fp32's input, which shows where an error arises, and given what the built tower itself comes to, which
 * shows what becomes of it. At the end the shards run whole, as on the edge. One unit in fp32 is in memory at a time.
 */
import { inferArchitecture } from "../../build/architecture/infer-architecture.ts";
import { readModelConfig } from "../../build/architecture/model-config.ts";
import { BuildError } from "../../build/build-error.ts";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { type Agreement, agreement } from "../../build/measure/agreement.ts";
import {
  type Activation,
  type Open,
  outputsOf,
  runUnit,
  type Sample,
  type UnitFiles,
} from "../../build/measure/graph-runner.ts";
import {
  checkpointRows,
  pictureSamples,
  type SampleSource,
  textSamples,
} from "../../build/measure/sample-source.ts";
import { unitFiles } from "../../build/measure/unit-files.ts";
import type { Progress } from "../../build/report/progress.ts";
import { Emitter } from "../../build/towers/emitter.ts";
import { imageTower } from "../../build/towers/image-tower.ts";
import { textTower } from "../../build/towers/text-tower.ts";
import type { TowerUnit } from "../../build/towers/tower-unit.ts";
import { readVerified } from "../../functions/runtime/model-store/read-verified.ts";
import type { Shard } from "../../model-shards/manifest.ts";
import { readManifest } from "../models/models-in-r2.ts";
import { FolderBucket } from "../towers/folder-bucket.ts";
import { NodeTowers } from "../towers/node-towers.ts";
import { splitShard } from "./split-shard.ts";

export interface VerifyOptions {
  /** The built model's. */
  folder: string;
  checkpoint: string;
  /** `open_clip_config.json`. */
  config: string;
  open: Open;
  samples: SampleSource;
  progress: Progress;
}

export interface UnitCheck {
  name: string;
  /** Of its output, given the same input as in fp32. */
  alone: Agreement;
  /** Of its output in the built tower, all earlier errors included. */
  running: Agreement;
}

export interface TowerCheck {
  tower: "image" | "text";
  units: UnitCheck[];
  /** Of the shards' embeddings. */
  embedding: Agreement;
}

/**
 * @throws BuildError or CheckpointError for a checkpoint that cannot be read or is not the model's
 * @throws ServiceError `model_unavailable` for a file that is missing or not what the manifest says
 */
export async function verifyModel(options: VerifyOptions): Promise<TowerCheck[]> {
  const { folder, samples } = options;
  const manifest = await readManifest(folder);
  const config = await readModelConfig(options.config);
  const checkpoint = await openCheckpoint(options.checkpoint);
  try {
    const architecture = inferArchitecture(checkpoint.tensors, config);
    const emitter = new Emitter("fp32");
    const read = (name: string): Promise<Float32Array> => checkpoint.read(name);
    const whole = await NodeTowers.load(folder);
    const { image, text } = manifest;
    const { size } = image;

    const pictures = await pictureSamples(samples, image);
    const texts = await samples.texts(text.context_length);
    return [
      await checkTower(options, {
        tower: "image",
        units: imageTower(architecture, emitter, read),
        shards: image.shards,
        exact: pictures,
        built: pictures,
        embeddings: pictures.map(({ input }) => whole.embedTensor(input.data, size, size)),
      }),
      await checkTower(options, {
        tower: "text",
        units: textTower(architecture, emitter, read),
        shards: text.shards,
        exact: await textSamples(texts, (ids) => checkpointRows(checkpoint, ids)),
        built: await textSamples(texts, (ids) => whole.tokenRows(ids)),
        embeddings: await Promise.all(texts.map((ids) => whole.embedTokens(ids))),
      }),
    ];
  } finally {
    await checkpoint.close();
  }
}

interface TowerToCheck {
  tower: "image" | "text";
  /** In fp32, from the checkpoint. */
  units: readonly TowerUnit[];
  shards: readonly Shard[];
  /** What goes in: in fp32, and as the built model has it. */
  exact: readonly Sample[];
  built: readonly Sample[];
  /** What the shards give for each sample. */
  embeddings: readonly Float32Array[];
}

async function checkTower(
  { folder, open, progress }: VerifyOptions,
  parts: TowerToCheck,
): Promise<TowerCheck> {
  const { tower, units, shards } = parts;
  const names = shards.flatMap(({ holds }) => holds.split(" "));
  if (names.join(" ") !== units.map(({ name }) => name).join(" ")) {
    throw new BuildError(`${folder}: its ${tower} tower is not that of the checkpoint`);
  }
  const checks: UnitCheck[] = [];
  let exact: readonly Activation[] = parts.exact.map(({ input }) => input);
  let running: readonly Activation[] = parts.built.map(({ input }) => input);
  let index = 0;
  for (const shard of shards) {
    for (const built of await readUnits(folder, shard)) {
      const unit = units[index++];
      if (unit === undefined) break;
      progress.step(`${tower} tower, ${unit.name}`);
      const reference = await unitFiles(unit);
      const expected = outputsOf(reference, runUnit(open, reference, parts.exact, exact));
      // One session, twice as many inputs.
      const both = runUnit(open, built, [...parts.exact, ...parts.built], [...exact, ...running]);
      const found = outputsOf(built, both);
      running = found.slice(exact.length);
      checks.push({
        name: unit.name,
        alone: agreement(expected, found.slice(0, exact.length)),
        running: agreement(expected, running),
      });
      exact = expected;
    }
  }
  const embeddings = parts.embeddings.map((data) => ({ data, shape: [1, data.length] }));
  return { tower, units: checks, embedding: agreement(exact, embeddings) };
}

async function readUnits(folder: string, shard: Shard): Promise<UnitFiles[]> {
  const bucket = new FolderBucket(folder);
  const graph = await readVerified(bucket, shard.graph.file, shard.graph);
  return splitShard(shard, graph, await readVerified(bucket, shard.weights.file, shard.weights));
}
