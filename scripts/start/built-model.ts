/**
 * Finds the model that `npm start -- --model <name>` means. A model that is missing is pulled from the hub and built.
 */
import { stat } from "node:fs/promises";
import { BuildError } from "../../build/build-error.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { cacheOfEnvironment } from "../../build/hub/hub-cache.ts";
import { hubOfEnvironment } from "../../build/hub/hub-file.ts";
import { PRESETS, repositoryOf } from "../../build/hub/presets.ts";
import { pullModel } from "../../build/hub/pull-model.ts";
import type { Progress } from "../../build/report/progress.ts";
import { MANIFEST_FILE } from "../../model-shards/model-files.ts";
import { aliasOf, buildCheckpoint } from "../models/build-checkpoint.ts";
import { builtFolder, folderOfAlias, isBuilt } from "../models/built-folder.ts";
import { readManifest } from "../models/read-manifest.ts";

/**
 * @param name a built model's folder or alias, a preset, or a repository at the hub
 * @param log called before steps that take a while
 * @returns the folder of the built model
 * @throws UsageError for an unknown name; BuildError or HubError if the model cannot be pulled or built
 */
export async function builtModel(
  name: string,
  progress: Progress,
  log: (line: string) => void,
): Promise<string> {
  const built = await builtFolder(name);
  if (built !== undefined) return built;
  if (await exists(name)) {
    throw new UsageError(
      `${name} holds no built model: it has no ${MANIFEST_FILE}. Build it: npm run model:build -- ${name} --id <name>`,
    );
  }
  const repository = repositoryOf(name);
  if (!(await isRepository(repository))) {
    const presets = Object.keys(PRESETS).join(", ");
    throw new UsageError(
      `${name} is no folder of a built model, no repository at the hub and none of the presets ${presets}`,
    );
  }
  const folder = folderOfAlias(aliasOf(repository));
  if (await isBuilt(folder)) {
    const { id } = await readManifest(folder);
    if (id === repository) return folder;
    throw new BuildError(
      `${folder} holds ${id}, not ${repository}. Build ${repository} with another --alias, then name its folder`,
    );
  }
  log(`${repository} is not built yet. It is pulled and built now, once`);
  await pullModel(repository, {
    hub: hubOfEnvironment(),
    cache: cacheOfEnvironment(),
    revision: "main",
    progress,
  });
  return (await buildCheckpoint(repository, { progress })).folder;
}

/** True for `owner/name`, unless a folder `owner` exists: then it is a misspelt path. */
async function isRepository(name: string): Promise<boolean> {
  const [owner = "", ...rest] = name.split("/");
  return rest.length === 1 && !/^[.~]/.test(owner) && owner !== "" && !(await exists(`${owner}/`));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
