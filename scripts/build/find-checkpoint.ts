/** The checkpoint that is meant by a path, or by the name of a model that `model:pull` has fetched. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../build/build-error.ts";
import { CHECKPOINT_NAMES } from "../../build/checkpoint/file-names.ts";
import { cacheOfEnvironment, HubCache } from "../../build/hub/hub-cache.ts";
import { repositoryOf } from "../../build/hub/presets.ts";

export interface FoundCheckpoint {
  path: string;
  /** Repository at the hub, if it was found by a name. */
  repository: string | undefined;
}

/**
 * @param what the file itself, a folder that holds one by its usual name, or a model as `model:pull` takes it
 * @throws BuildError if there is none
 */
export async function findCheckpoint(what: string): Promise<FoundCheckpoint> {
  const info = await stat(what).catch(() => undefined);
  if (info?.isFile() === true) return { path: what, repository: undefined };
  if (info !== undefined) return { path: await within(what), repository: undefined };
  const repository = repositoryOf(what);
  const folder = await new HubCache(cacheOfEnvironment(), repository).snapshot("main");
  if (folder !== undefined) return { path: await within(folder), repository };
  throw new BuildError(`${what}: no such file or folder, and nothing that "npm run model:pull" has fetched`);
}

async function within(folder: string): Promise<string> {
  for (const name of CHECKPOINT_NAMES) {
    const candidate = join(folder, name);
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new BuildError(`${folder}: holds neither ${CHECKPOINT_NAMES.join(" nor ")}`);
}
