/** Writes a synthetic model like a model repository: a checkpoint, and `open_clip_config.json` in the same folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectedTensors } from "../architecture/expected-tensors.ts";
import { openClipConfig, type SyntheticModel } from "./configs.ts";
import { normalTensor } from "./normal.ts";
import { outlierTensor } from "./outliers.ts";
import { syntheticTensor } from "./synthetic-tensor.ts";
import type { TensorSource } from "./tensor-source.ts";
import { writeSafetensors } from "./write-safetensors.ts";
import { writeTorchFile } from "./write-torch-file.ts";
import { CONFIG_NAME } from "../checkpoint/file-names.ts";

export type CheckpointFormat = "safetensors" | "bin";

export interface SyntheticOptions {
  /** Norms and MLPs get outliers, like pretrained weights. */
  outliers?: boolean;
  /** Matrices and convolutions are normally distributed. */
  normal?: boolean;
}

/** The tensors of a synthetic model, in the order of its checkpoint. */
export function syntheticTensors(
  { architecture }: SyntheticModel,
  { outliers = false, normal = false }: SyntheticOptions = {},
): TensorSource[] {
  const tensor = outliers ? outlierTensor : normal ? normalTensor : syntheticTensor;
  return [...expectedTensors(architecture)].map(([name, shape]) => ({
    name,
    shape,
    values: () => tensor(name, shape),
  }));
}

/** @returns the checkpoint's path */
export async function writeSynthetic(
  folder: string,
  model: SyntheticModel,
  format: CheckpointFormat,
  options: SyntheticOptions = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, CONFIG_NAME), JSON.stringify(openClipConfig(model), null, 1));
  const tensors = syntheticTensors(model, options);
  const name = format === "safetensors" ? "open_clip_model.safetensors" : "open_clip_pytorch_model.bin";
  const write = format === "safetensors" ? writeSafetensors : writeTorchFile;
  await write(join(folder, name), tensors, model.dtype);
  return join(folder, name);
}
