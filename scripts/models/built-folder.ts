/** Finds a model that is built on this machine. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST_FILE } from "../../model-shards/model-files.ts";
import { modelsFolder } from "../paths.ts";

/** The default folder of a built model. */
export function folderOfAlias(alias: string): string {
  return join(modelsFolder(), alias);
}

/**
 * @param name a folder or an alias
 * @returns undefined if there is no such model on this machine
 */
export async function builtFolder(name: string): Promise<string | undefined> {
  for (const folder of [name, folderOfAlias(name)]) if (await isBuilt(folder)) return folder;
  return undefined;
}

/** True if the folder holds a built model. */
export async function isBuilt(folder: string): Promise<boolean> {
  return await stat(join(folder, MANIFEST_FILE)).then(
    () => true,
    () => false,
  );
}
