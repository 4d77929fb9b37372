/** Builds a synthetic model: synthetic weights, checkpoint, shards. */
import { join } from "node:path";
import { buildModel, type BuildReport } from "../../../build/build-model.ts";
import type { Calibration } from "../../../build/promote/calibrate.ts";
import { silentProgress } from "../../../build/report/progress.ts";
import { SYNTHETIC_MODELS, type SyntheticName } from "../../../build/synthetic/configs.ts";
import { type CheckpointFormat, writeSynthetic } from "../../../build/synthetic/write-synthetic.ts";
import type { Precision } from "../../../build/towers/emitter.ts";

interface Options {
  precision?: Precision;
  format?: CheckpointFormat;
  imageSize?: number;
  shardBytes?: number;
  /** Weights with outliers. */
  outliers?: boolean;
  /** Matrices drawn from a normal distribution. */
  normal?: boolean;
  calibration?: Calibration;
  /** As if it had been published. */
  accuracy?: number;
}

/** @returns the built model's folder, its checkpoint and the build's report */
export async function buildSynthetic(
  name: SyntheticName,
  folder: string,
  {
    precision = "int8",
    format = "safetensors",
    imageSize,
    shardBytes,
    outliers = false,
    normal = false,
    calibration,
    accuracy,
  }: Options = {},
): Promise<BuildReport & { out: string; checkpoint: string }> {
  const model = SYNTHETIC_MODELS[name];
  if (model === undefined) throw new Error(`there is no synthetic model ${name}`);
  const source = join(folder, `${name}-${format}`);
  const out = join(folder, `${name}-${precision}-${format}`);
  const checkpoint = await writeSynthetic(source, model, format, { outliers, normal });
  const report = await buildModel({
    checkpoint,
    config: join(source, "open_clip_config.json"),
    out,
    id: `synthetic/${name}`,
    alias: `synthetic-${name}`,
    license: "mit",
    precision,
    ...(imageSize === undefined ? {} : { imageSize }),
    shardBytes,
    calibration,
    accuracy,
    progress: silentProgress,
  });
  return { ...report, out, checkpoint };
}
