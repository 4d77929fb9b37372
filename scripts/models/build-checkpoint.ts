/** Builds a model from a file, a folder, or the name under which it was pulled. */
import { dirname, join, resolve } from "node:path";
import { type BuildReport, buildModel, type Measured } from "../../build/build-model.ts";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { accuracyOf, licenseOf } from "../../build/hub/presets.ts";
import type { Progress } from "../../build/report/progress.ts";
import type { Precision } from "../../build/towers/emitter.ts";
import { modelAliasSchema, modelIdSchema, type NewestManifest } from "../../model-shards/manifest.ts";
import { folderOfAlias } from "./built-folder.ts";
import { ortGraphs } from "../towers/ort-graphs.ts";
import { backgroundCosine } from "../towers/background-cosine.ts";
import { measureInt8Scale } from "../towers/int8-scale.ts";
import { DEFAULT_FLOOR, DEFAULT_SAMPLES } from "../towers/sample-options.ts";
import { exampleSamples } from "../towers/samples.ts";
import { findCheckpoint } from "./find-checkpoint.ts";

export interface CheckpointOptions {
  /** Revision of a model at the hub. Default: `main`. */
  revision?: string | undefined;
  /** The model's name in the API. Default: its repository. */
  id?: string | undefined;
  /** Default: `aliasOf(id)`. */
  alias?: string | undefined;
  license?: string | undefined;
  precision?: Precision;
  imageSize?: number | undefined;
  /** Path of `open_clip_config.json`. Default: beside the checkpoint. */
  config?: string | undefined;
  /** The model's folder. Default: `model-shards/<alias>`. */
  out?: string | undefined;
  /** Least cosine to fp32 of a block; with 0, nothing is measured. */
  floor?: number;
  /** Number of pictures, and of texts, to measure with. */
  samples?: number;
  progress: Progress;
}

/** The default alias of a model: the last part of its id, in lower case. */
export function aliasOf(id: string): string {
  return (id.split("/").at(-1) ?? id).toLowerCase();
}

/**
 * @param source file, folder, or name of a pulled model
 * @throws BuildError, CheckpointError or HubError naming what is wrong with the checkpoint or its config
 * @throws UsageError for an id or alias that is missing or malformed
 */
export async function buildCheckpoint(
  source: string,
  { precision = "int8", floor = DEFAULT_FLOOR, samples = DEFAULT_SAMPLES, ...options }: CheckpointOptions,
): Promise<BuildReport & { folder: string }> {
  const { path: checkpoint, repository } = await findCheckpoint(source, options.revision);
  const id = options.id ?? repository;
  if (id === undefined)
    throw new UsageError(`--id is missing: the name that the API shall use for the model in ${source}`);
  const alias = options.alias ?? aliasOf(id);
  // Checked before anything is written, because the alias becomes a folder's name.
  const names = [
    ["id", id, modelIdSchema],
    ["alias", alias, modelAliasSchema],
  ] as const;
  for (const [field, value, schema] of names) {
    if (!schema.safeParse(value).success)
      throw new UsageError(`--${field} "${value}" is not a valid name for a model`);
  }
  const folder = resolve(options.out ?? folderOfAlias(alias));
  const isMeasured = precision === "int8" && floor > 0;
  const report = await buildModel({
    checkpoint,
    config: options.config ?? join(dirname(checkpoint), CONFIG_NAME),
    out: folder,
    id,
    alias,
    license: options.license ?? licenseOf(id),
    accuracy: accuracyOf(id, options.imageSize),
    precision,
    ...(options.imageSize === undefined ? {} : { imageSize: options.imageSize }),
    ...(isMeasured
      ? { calibration: { open: await ortGraphs(), samples: exampleSamples(samples), floor } }
      : {}),
    ...(floor > 0 ? { measure: (towers) => measureVectors(folder, towers) } : {}),
    progress: options.progress,
  });
  return { ...report, folder };
}

async function measureVectors(
  folder: string,
  towers: Pick<NewestManifest, "image" | "text">,
): Promise<Measured> {
  return {
    background_cosine: await backgroundCosine(folder, towers.image),
    int8_scale: await measureInt8Scale(folder, towers),
  };
}
