/**
 * Packages of others, for comparison. Only the benches install them: `npm run bench` runs `npm ci` in this folder. They
 * are imported by name at run time, so that nothing else needs them, not even the type check.
 */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const FOLDER = import.meta.dirname;

/**
 * Installs a folder's packages if they are missing, by default the contenders. Their install scripts are not run,
 * because they download files that are not needed.
 */
export async function installContenders(folder = FOLDER): Promise<void> {
  const installed = await access(join(folder, "node_modules")).then(
    () => true,
    () => false,
  );
  if (installed) return;
  console.log("installing the packages for comparison …");
  await promisify(execFile)("npm", ["ci", "--ignore-scripts"], { cwd: folder });
}

/** @param T type of the part of the package that is used */
export async function contender<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
