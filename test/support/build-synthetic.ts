/** Builds a synthetic model from scratch: weights by the rule, checkpoint, shards. */
import { join } from "node:path";
import { buildModel, type BuildReport } from "../../build/build-model.ts";
import { silentProgress } from "../../build/report/progress.ts";
import { SYNTHETIC_MODELS } from "../../build/synthetic/configs.ts";
import { type CheckpointFormat, writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import type { Precision } from "../../build/towers/emitter.ts";

interface Options {
  precision?: Precision;
  format?: CheckpointFormat;
  imageSize?: number;
  shardBytes?: number;
}

/** @returns the built model's folder and the build's report */
export async function buildSynthetic(
  name: "base_w" | "mini" | "tiny",
  folder: string,
  { precision = "int8", format = "safetensors", imageSize, shardBytes }: Options = {},
): Promise<BuildReport & { out: string }> {
  const model = SYNTHETIC_MODELS[name];
  if (model === undefined) throw new Error(`there is no synthetic model ${name}`);
  const source = join(folder, `${name}-${format}`);
  const out = join(folder, `${name}-${precision}-${format}`);
  const report = await buildModel({
    checkpoint: await writeSynthetic(source, model, format),
    config: join(source, "open_clip_config.json"),
    out,
    id: `synthetic/${name}`,
    alias: `synthetic-${name}`,
    license: "mit",
    precision,
    ...(imageSize === undefined ? {} : { imageSize }),
    shardBytes,
    progress: silentProgress,
  });
  return { ...report, out };
}
