/**
 * The first release, from this repository's history: its code in a folder of its own, prepared as `npm ci` prepares it,
 * so that its own scripts can deploy it.
 */
import { execFile, spawnSync } from "node:child_process";
import { access, mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { R2Bucket } from "@cloudflare/workers-types";

const ROOT = join(import.meta.dirname, "../..");
const NODE_MODULES = join(ROOT, "node_modules");

/** The last commit of 0.1.0. */
export const COMMIT = "20896e5";
const PREPARE = ["build/ort-wasm/cli.ts", "build/simd-wasm/cli.ts", "scripts/copy-assets.ts"];

interface FormerScripts {
  deploy(
    models: readonly string[],
    withBucket: <T>(use: (bucket: R2Bucket) => Promise<T>) => Promise<T>,
  ): Promise<string>;
}

/** False in a clone without the history, as CI makes it. */
export function hasHistory(): boolean {
  return spawnSync("git", ["cat-file", "-e", `${COMMIT}^{commit}`], { cwd: ROOT }).status === 0;
}

/** Call it once the environment is set, which the release's scripts read when they are imported. */
export async function formerScripts(): Promise<FormerScripts> {
  const folder = join(ROOT, ".cache/former-release", COMMIT);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) await prepare(folder);
  return (await import(join(folder, "scripts/cloudflare/deploy.ts"))) as FormerScripts;
}

/** In a folder beside it first, so that one which was left half done is not taken for it. */
async function prepare(folder: string): Promise<void> {
  const begun = `${folder}-${process.pid}`;
  await rm(begun, { recursive: true, force: true });
  await mkdir(begun, { recursive: true });
  const archive = join(begun, "archive.tar");
  const run = promisify(execFile);
  await run("git", ["archive", "--output", archive, COMMIT], { cwd: ROOT });
  await run("tar", ["-xf", archive], { cwd: begun });
  await rm(archive);
  await symlink(NODE_MODULES, join(begun, "node_modules"));
  for (const script of PREPARE) await run(process.execPath, [script], { cwd: begun, env: ownEnvironment() });
  await rename(begun, folder);
}

/** Without the hook that a test gives wrangler. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _hook, ...env } = process.env;
  return env;
}
