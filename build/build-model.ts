/**
 * Checkpoint → ONNX → int8 → shards and manifest. Only one tensor of the checkpoint and one shard are in memory at a
 * time. The build is deterministic: the same weights give the same bytes, whatever the format of the checkpoint. With
 * samples, the build measures int8 and promotes blocks that lose too much.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  MANIFEST_FORMAT,
  type NewestManifest,
  newestManifestSchema,
  type Shard,
} from "../model-shards/manifest.ts";
import { MANIFEST_FILE } from "../model-shards/model-files.ts";
import { modelFiles } from "../model-shards/model-files.ts";
import { computeRevision } from "../model-shards/revision.ts";
import type { Architecture } from "./architecture/architecture.ts";
import { expectedTensors } from "./architecture/expected-tensors.ts";
import { inferArchitecture } from "./architecture/infer-architecture.ts";
import { readModelConfig } from "./architecture/model-config.ts";
import { BuildError } from "./build-error.ts";
import { type Checkpoint, DTYPE_BYTES, elementCount } from "./checkpoint/checkpoint.ts";
import { openCheckpoint } from "./checkpoint/open-checkpoint.ts";
import { calibrate, type Calibration } from "./promote/calibrate.ts";
import type { TowerPromotion } from "./promote/promote-tower.ts";
import type { Progress } from "./report/progress.ts";
import { planShards } from "./shards/plan-shards.ts";
import { writeShard } from "./shards/write-shard.ts";
import { writeTokenEmbedding } from "./shards/write-token-embedding.ts";
import { Emitter, type Precision, type QuantizationError } from "./towers/emitter.ts";
import { imageTower } from "./towers/image-tower.ts";
import { textTower } from "./towers/text-tower.ts";
import type { TowerUnit } from "./towers/tower-unit.ts";

export interface BuildOptions {
  checkpoint: string;
  /** `open_clip_config.json` of the model. */
  config: string;
  /** The model's folder. Files of an earlier build in it are removed. */
  out: string;
  id: string;
  alias: string;
  license: string;
  /** Published zero-shot top-1 accuracy on ImageNet, percent. */
  accuracy?: number | undefined;
  precision: Precision;
  /** Side of the input in pixels, instead of the config's; for a ConvNeXt, a multiple of 32. */
  imageSize?: number;
  /** Most bytes of a shard in int8, instead of `SHARD_BYTES`. */
  shardBytes?: number | undefined;
  /** Samples to measure int8 with; without them, nothing is measured and nothing is promoted. */
  calibration?: Calibration | undefined;
  /** Measures the towers that were built; without it, the manifest has no such fields. */
  measure?: ((towers: Pick<NewestManifest, "image" | "text">) => Promise<Measured>) | undefined;
  progress: Progress;
}

/** Fields of a manifest that are measured with the built towers. */
export type Measured = Pick<NewestManifest, "background_cosine" | "int8_scale">;

export interface BuildReport {
  manifest: NewestManifest;
  tensors: number;
  parameters: number;
  checkpointBytes: number;
  builtBytes: number;
  /** Empty for fp32. */
  quantizationErrors: QuantizationError[];
  /** Measurements and promotions of each tower; empty without calibration. */
  towers: TowerPromotion[];
}

/** @throws BuildError or CheckpointError naming what is wrong with the checkpoint, the config or the options */
export async function buildModel(options: BuildOptions): Promise<BuildReport> {
  const config = await readModelConfig(options.config);
  if (options.imageSize !== undefined) config.image.size = options.imageSize;
  const checkpoint = await openCheckpoint(options.checkpoint);
  try {
    const architecture = inferArchitecture(checkpoint.tensors, config);
    await removeBuilt(options.out);
    await mkdir(options.out, { recursive: true });

    const read = readFinite(checkpoint);
    const model = { architecture, config, checkpoint, read };
    const { calibration, precision } = options;
    const towers =
      calibration === undefined || precision === "fp32"
        ? []
        : await calibrate(model, calibration, options.progress);
    const [imageEmitter, textEmitter] = (["image", "text"] as const).map(
      (tower) => new Emitter(precision, towers.find((each) => each.tower === tower)?.promotions),
    ) as [Emitter, Emitter];
    const imageUnits = imageTower(architecture, imageEmitter, read);
    const imageShards = await writeTower("image", imageUnits, towers, options);
    const textShards = await writeTower("text", textTower(architecture, textEmitter, read), towers, options);
    options.progress.step("token embedding");
    const tokenEmbedding = await writeTokenEmbedding(
      options.out,
      checkpoint,
      { rows: architecture.text.vocabSize, width: architecture.text.width },
      towers.some(({ exactInput }) => exactInput) ? "fp32" : precision,
    );
    const [logitScale] = await read("logit_scale");
    const image = { ...imageFields(architecture.image), ...config.preprocessing, shards: imageShards };
    const text = {
      tokenizer: "clip-bpe" as const,
      context_length: architecture.text.contextLength,
      vocab_size: architecture.text.vocabSize,
      width: architecture.text.width,
      heads: architecture.text.heads,
      layers: architecture.text.layers,
      quick_gelu: architecture.text.quickGelu,
      token_embedding: tokenEmbedding,
      shards: textShards,
    };
    if (options.measure !== undefined) options.progress.step("vectors of the built model");
    const measured = await options.measure?.({ image, text });
    const parameters = [...expectedTensors(architecture).values()].map(elementCount);
    const content: Omit<NewestManifest, "revision"> = {
      format: MANIFEST_FORMAT,
      id: options.id,
      alias: options.alias,
      license: options.license,
      precision,
      embedding_width: architecture.embeddingWidth,
      logit_scale: logitScale ?? 0,
      parameters: parameters.reduce((sum, count) => sum + count, 0),
      ...(options.accuracy === undefined ? {} : { imagenet_zero_shot: options.accuracy }),
      ...measured,
      image,
      text,
    };
    const manifest = newestManifestSchema.parse({ ...content, revision: await computeRevision(content) });
    await writeFile(join(options.out, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
    options.progress.done();
    return {
      manifest,
      tensors: checkpoint.tensors.size,
      ...checkpointSize(checkpoint),
      builtBytes: modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
      quantizationErrors: [...imageEmitter.errors, ...textEmitter.errors],
      towers,
    };
  } finally {
    await checkpoint.close();
  }
}

/** The manifest's fields of the image tower, without shards and preprocessing. */
function imageFields(image: Architecture["image"]) {
  if (image.architecture === "convnext") {
    const { architecture, size, depths, widths } = image;
    return { architecture, size, depths, widths };
  }
  const { architecture, size, patchSize, width, heads, layers, mlpWidth, quickGelu } = image;
  return {
    architecture,
    size,
    patch_size: patchSize,
    width,
    heads,
    layers,
    mlp_width: mlpWidth,
    quick_gelu: quickGelu,
  };
}

async function writeTower(
  tower: "image" | "text",
  units: TowerUnit[],
  promoted: readonly TowerPromotion[],
  options: BuildOptions,
): Promise<Shard[]> {
  const blocks = promoted.find((each) => each.tower === tower)?.blocks ?? [];
  const extraBytes = new Map(blocks.map(({ name, bytes }) => [name, bytes]));
  const plan = planShards(units, options.precision, options.shardBytes, extraBytes);
  const shards: Shard[] = [];
  for (const [index, shardUnits] of plan.entries()) {
    options.progress.step(`${tower} shard ${index + 1}/${plan.length}`);
    shards.push(await writeShard(options.out, `${tower}-${String(index).padStart(2, "0")}`, shardUnits));
  }
  return shards;
}

/**
 * Removes the files of an earlier build, which would be mistaken for files of this one. Other files in the folder stay.
 */
async function removeBuilt(folder: string): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    if (/\.(onnx|data)$|^manifest\.json$/.test(file)) await rm(join(folder, file));
  }
}

/** Refuses NaN and infinity in the weights, which would spread to every answer without an error. */
function readFinite(checkpoint: Checkpoint): (name: string) => Promise<Float32Array> {
  return async (name) => {
    const values = await checkpoint.read(name);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad !== -1) throw new BuildError(`checkpoint: tensor ${name} holds ${values[bad]} at element ${bad}`);
    return values;
  };
}

function checkpointSize(checkpoint: Checkpoint): { parameters: number; checkpointBytes: number } {
  let parameters = 0;
  let checkpointBytes = 0;
  for (const { shape, dtype } of checkpoint.tensors.values()) {
    const elements = elementCount(shape);
    parameters += elements;
    checkpointBytes += elements * DTYPE_BYTES[dtype];
  }
  return { parameters, checkpointBytes };
}
