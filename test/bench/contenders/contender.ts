/**
 * Other people's packages, which are installed beside the benches alone: `npm ci` here is part of `npm run bench`. They are
 * imported by name at run time, so that nothing else needs them, not even to be type-checked.
 */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const FOLDER = import.meta.dirname;

/** Installs the contenders if they are not there. Their scripts download what is not needed: they are not run. */
export async function installContenders(): Promise<void> {
  const installed = await access(join(FOLDER, "node_modules")).then(
    () => true,
    () => false,
  );
  if (installed) return;
  console.log("installing what is compared with …");
  await promisify(execFile)("npm", ["ci", "--ignore-scripts"], { cwd: FOLDER });
}

/** @param T the part of the package that is used */
export async function contender<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
