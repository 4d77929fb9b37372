/**
 * Compares a built model with its checkpoint in fp32. The shards are read back, verified, and cut into their units.
 * Each unit is compared twice: with fp32's input, which shows where an error arises, and with the output of the built
 * units before it, which shows how errors add up. At the end the whole shards run, as in the Workers. One unit in fp32
 * is in memory at a time.
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
import { readManifest } from "./read-manifest.ts";
import { FolderBucket } from "../towers/folder-bucket.ts";
import { NodeTowers } from "../towers/node-towers.ts";
import { splitShard } from "./split-shard.ts";

export interface VerifyOptions {
  /** Folder of the built model. */
  folder: string;
  checkpoint: string;
  /** Path of `open_clip_config.json`. */
  config: string;
  open: Open;
  samples: SampleSource;
  progress: Progress;
}

export interface UnitCheck {
  name: string;
  /** The unit's output, given the same input as in fp32. */
  alone: Agreement;
  /** The unit's output in the built tower, including all earlier errors. */
  running: Agreement;
}

export interface TowerCheck {
  tower: "image" | "text";
  units: UnitCheck[];
  /** The embeddings of the whole shards. */
  embedding: Agreement;
}

/**
 * @throws BuildError or CheckpointError for a checkpoint that cannot be read or belongs to another model
 * @throws ServiceError `model_unavailable` for a file that is missing or does not match the manifest
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
  /** The units in fp32, from the checkpoint. */
  units: readonly TowerUnit[];
  shards: readonly Shard[];
  /** The tower's inputs: in fp32, and those of the built model, whose token embeddings are int8. */
  exact: readonly Sample[];
  built: readonly Sample[];
  /** The shards' embedding of each sample. */
  embeddings: readonly Float32Array[];
}

async function checkTower(
  { folder, open, progress }: VerifyOptions,
  parts: TowerToCheck,
): Promise<TowerCheck> {
  const { tower, units, shards } = parts;
  const names = shards.flatMap(({ holds }) => holds.split(" "));
  if (names.join(" ") !== units.map(({ name }) => name).join(" ")) {
    throw new BuildError(`${folder}: its ${tower} tower has other blocks than the checkpoint`);
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
      // One session for both comparisons: fp32's inputs first, then the built tower's.
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
