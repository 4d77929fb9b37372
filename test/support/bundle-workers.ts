/**
 * Bundles the four Workers once per test run, exactly as a deployment would: `wrangler deploy --dry-run`. Vitest
 * runs this before any test (`globalSetup`).
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { WORKER_CONFIGS } from "../../scripts/worker-configs.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Where the bundle of the Worker configured by `config` goes. */
export function bundleFolder(config: string): string {
  return join(ROOT, ".cache/bundles", config.replaceAll("/", "_").replace(".toml", ""));
}

export async function bundleWorker(config: string): Promise<void> {
  const wrangler = join(ROOT, "node_modules/.bin/wrangler");
  const options = ["deploy", "--dry-run", "--outdir", bundleFolder(config), "-c", join(ROOT, config)];
  await promisify(execFile)(wrangler, options, { cwd: ROOT, env: { ...process.env, CI: "true" } });
}

export default async function setup(): Promise<void> {
  await Promise.all(WORKER_CONFIGS.map(bundleWorker));
}
