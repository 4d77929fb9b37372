/** The checkpoint that a path means: the file itself, or one of a model repository's names in a folder. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../build/build-error.ts";

/** A checkpoint's names in a model repository, in the order of preference. */
const CHECKPOINT_NAMES = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];

/** @throws BuildError if there is none */
export async function findCheckpoint(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new BuildError(`${path}: no such file or folder`);
  if (!info.isDirectory()) return path;
  for (const name of CHECKPOINT_NAMES) {
    const candidate = join(path, name);
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new BuildError(`${path}: holds neither ${CHECKPOINT_NAMES.join(" nor ")}`);
}
