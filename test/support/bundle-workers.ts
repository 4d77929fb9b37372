/**
 * Bundles all Workers once per test run, exactly as a deployment would: `wrangler deploy --dry-run`. Vitest
 * runs this before any test (`globalSetup`).
 */
import { execFile } from "node:child_process";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_ENGINE, type EngineName } from "../../model-shards/plan-stages.ts";
import { committedConfig, WORKER_CONFIGS } from "../../scripts/worker-configs.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Where the bundle of the Worker configured by `config` goes. */
export function bundleFolder(config: string, engine: EngineName = DEFAULT_ENGINE): string {
  return join(ROOT, ".cache/bundles", `${config.replaceAll("/", "_").replace(".toml", "")}-${engine}`);
}

export async function bundleWorker(config: string, engine: EngineName = DEFAULT_ENGINE): Promise<void> {
  const wrangler = join(ROOT, "node_modules/.bin/wrangler");
  const outdir = bundleFolder(config, engine);
  await mkdir(outdir, { recursive: true });
  const script = join(ROOT, dirname(config), committedConfig(config, engine).main);
  const options = ["deploy", script, "--dry-run", "--outdir", outdir, "-c", join(ROOT, config)];
  const begin = Date.now();
  await promisify(execFile)(wrangler, options, { cwd: ROOT, env: { ...process.env, CI: "true" } });
  await removeBefore(outdir, begin);
}

/**
 * Removes what an earlier bundle left: modules are named after their content. Not before the new bundle is there, since
 * other processes may be using the same files; they may remove them, too.
 */
async function removeBefore(folder: string, time: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // A file's time may be a little behind the clock.
    const written = await stat(path).catch(() => undefined);
    if (written && written.mtimeMs < time - 1000) await rm(path, { force: true, recursive: true });
  }
}

/** The static assets, and the Workers of both engines. */
export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, "scripts/prepare/copy-assets.ts")]);
  for (const engine of ["ort", "simd"] as const) {
    await Promise.all(WORKER_CONFIGS.map((config) => bundleWorker(config, engine)));
  }
}
