/** The model of a bench: full size, or a small one to test the harness. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeSynthetic } from "../../../build/synthetic/write-synthetic.ts";
import { SYNTHETIC_MODELS } from "../../../build/synthetic/configs.ts";
import { buildSynthetic } from "../../support/models/synthetic-model.ts";
import { fullSizeModel } from "../../support/models/full-size.ts";

export interface BenchModel {
  /** Folder of the built model. */
  model: string;
  /** Folder of its checkpoint. */
  checkpoint: string;
  size: number;
}

let small: Promise<BenchModel> | undefined;

/** @param normal draws matrices from a normal distribution instead of a uniform one; full size only */
export async function benchModel(quick: boolean, size = 256, normal = false): Promise<BenchModel> {
  if (quick) return await (small ??= smallModel());
  const model = await fullSizeModel(size, "int8", normal);
  return { model, checkpoint: await checkpointOf("base_w", dirname(model), normal), size };
}

async function smallModel(): Promise<BenchModel> {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-bench-"));
  const { out } = await buildSynthetic("tiny", folder);
  return { model: out, checkpoint: await checkpointOf("tiny", folder), size: 64 };
}

/** The checkpoint that `buildSynthetic` wrote; it is written again if it was removed. */
async function checkpointOf(name: string, folder: string, normal = false): Promise<string> {
  const source = join(folder, `${name}-safetensors`);
  const model = SYNTHETIC_MODELS[name];
  if (model === undefined) throw new Error(`there is no synthetic model ${name}`);
  await writeSynthetic(source, model, "safetensors", { normal });
  return source;
}
