/** The model that `npm start -- --model <name>` means: what is not there yet is pulled from the hub and built. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../build/build-error.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { cacheOfEnvironment } from "../../build/hub/hub-cache.ts";
import { hubOfEnvironment } from "../../build/hub/hub-file.ts";
import { PRESETS, repositoryOf } from "../../build/hub/presets.ts";
import { pullModel } from "../../build/hub/pull-model.ts";
import type { Progress } from "../../build/report/progress.ts";
import { aliasOf, buildCheckpoint, folderOfAlias } from "../model-build/build-checkpoint.ts";
import { readManifest } from "../models/models-in-r2.ts";

/**
 * @param name of a built model's folder or of the model itself, of a preset, or of a repository at the hub
 * @param say what is done that takes a while
 * @returns the folder of the built model
 * @throws UsageError for a name that means nothing; BuildError or HubError if it cannot be pulled or built
 */
export async function builtModel(
  name: string,
  progress: Progress,
  say: (line: string) => void,
): Promise<string> {
  for (const folder of [name, folderOfAlias(name)]) {
    if (await exists(join(folder, "manifest.json"))) return folder;
  }
  if (await exists(name)) {
    throw new UsageError(
      `${name} holds no built model, as it has no manifest.json; build it: npm run model:build -- ${name} --id <name>`,
    );
  }
  const repository = repositoryOf(name);
  if (!(await isRepository(repository))) {
    const presets = Object.keys(PRESETS).join(", ");
    throw new UsageError(
      `${name} is no folder of a built model, no repository at the hub and none of ${presets}`,
    );
  }
  const folder = folderOfAlias(aliasOf(repository));
  if (await exists(join(folder, "manifest.json"))) {
    const { id } = await readManifest(folder);
    if (id === repository) return folder;
    throw new BuildError(
      `${folder} holds ${id}: build ${repository} with another --alias, then name its folder`,
    );
  }
  say(`${repository} is not here yet: it is pulled and built, this once`);
  await pullModel(repository, {
    hub: hubOfEnvironment(),
    cache: cacheOfEnvironment(),
    revision: "main",
    progress,
  });
  return (await buildCheckpoint(repository, { progress })).folder;
}

/** `owner/name`, unless that is a path below a folder that is here, of which the last part was misspelt. */
async function isRepository(name: string): Promise<boolean> {
  const [owner = "", ...rest] = name.split("/");
  return rest.length === 1 && !/^[.~]/.test(owner) && owner !== "" && !(await exists(`${owner}/`));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
