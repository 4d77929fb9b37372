/** Finds a checkpoint by a path, or by the name of a model that `model:pull` has fetched. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../build/build-error.ts";
import { CHECKPOINT_NAMES } from "../../build/checkpoint/file-names.ts";
import { cacheOfEnvironment, HubCache } from "../../build/hub/hub-cache.ts";
import { repositoryOf } from "../../build/hub/presets.ts";

const CHECKPOINT_ENDING = /\.(?:pt|bin|safetensors)$/i;
/** Number of files that a message lists. */
const NAMED = 3;

export interface FoundCheckpoint {
  path: string;
  /** Its repository at the hub; undefined if it was found by a path. */
  repository: string | undefined;
}

/**
 * @param what a file, a folder with one checkpoint, or a model's name as `model:pull` takes it
 * @param revision of the model at the hub
 * @throws BuildError if there is none, or if a folder holds several; HubError for a malformed name
 */
export async function findCheckpoint(what: string, revision = "main"): Promise<FoundCheckpoint> {
  const info = await stat(what).catch(() => undefined);
  if (info?.isFile() === true) return { path: what, repository: undefined };
  if (info !== undefined) return { path: await onlyCheckpoint(what), repository: undefined };
  const repository = repositoryOf(what);
  const folder = await new HubCache(cacheOfEnvironment(), repository).snapshot(revision);
  if (folder !== undefined) return { path: await exportedCheckpoint(folder), repository };
  throw new BuildError(`${what}: no such file or folder, and nothing that "npm run model:pull" has fetched`);
}

/** The checkpoint with the usual name, because a complete repository may hold other checkpoints as well. */
async function exportedCheckpoint(folder: string): Promise<string> {
  for (const name of CHECKPOINT_NAMES) {
    const candidate = join(folder, name);
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new BuildError(`${folder}: holds neither ${CHECKPOINT_NAMES.join(" nor ")}`);
}

async function onlyCheckpoint(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => CHECKPOINT_ENDING.test(name)).toSorted();
  const [first] = files;
  if (first === undefined) throw new BuildError(`${folder}: holds no .safetensors, .bin or .pt file`);
  if (files.length === 1) return join(folder, first);
  // open_clip's exporter writes the same weights in two formats.
  if (files.every((name) => CHECKPOINT_NAMES.includes(name))) return await exportedCheckpoint(folder);
  const others = files.length > NAMED ? `, and ${files.length - NAMED} more` : "";
  throw new BuildError(
    `${folder}: holds ${files.slice(0, NAMED).join(", ")}${others}: name the one that is meant, such as ${join(folder, first)}`,
  );
}
