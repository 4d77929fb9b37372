/**
 * The Workers' configurations. The committed ones serve the demonstration model from one isolate a tower; those for
 * another model are made from them: its revision, and as many stages of the image tower as it needs.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Manifest } from "../model-shards/manifest.ts";
import { stagesNeeded } from "../model-shards/plan-stages.ts";

const ROOT = join(import.meta.dirname, "..");

/** The committed configurations, the gateway first: it is the one that listens. */
export const WORKER_CONFIGS = [
  "wrangler.toml",
  "functions/decoder/wrangler.toml",
  "functions/vision/wrangler.toml",
  "functions/text/wrangler.toml",
] as const;

const VISION_CONFIG = "functions/vision/wrangler.toml";

/**
 * Writes the configurations for a model to `.generated/workers/<alias>/`.
 * @returns their paths, the gateway first
 */
export async function writeWorkerConfigs(manifest: Manifest): Promise<string[]> {
  const folder = join(ROOT, ".generated/workers", manifest.alias);
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const config of WORKER_CONFIGS) {
    const text = withModel(await readFile(join(ROOT, config), "utf8"), config, folder, manifest);
    const stages = config === VISION_CONFIG ? stagesNeeded(manifest.image.shards) : 1;
    for (let stage = 1; stage <= stages; stage++) {
      const staged = stages === 1 ? text : withStage(text, stage, stages);
      const path = join(folder, `${workerName(staged)}.toml`);
      await writeFile(path, staged);
      paths.push(path);
    }
  }
  return paths;
}

function workerName(config: string): string {
  const [, name] = /^name = "(.+)"$/m.exec(config) ?? [];
  if (name === undefined) throw new Error("the configuration names no Worker");
  return name;
}

/** The model's revision, and the entry's path as seen from `folder`. */
function withModel(text: string, config: string, folder: string, { alias, revision }: Manifest): string {
  return text
    .replace(/^MODEL = ".*"$/m, `MODEL = "${alias}@${revision}"`)
    .replace(/^main = "(.+)"$/m, (_, main: string) => {
      return `main = "${relative(folder, join(ROOT, dirname(config), main))}"`;
    });
}

/** A later stage is a Worker of its own; each but the last is bound to the next. */
function withStage(text: string, stage: number, stages: number): string {
  const name = workerName(text);
  const nameOf = (number: number): string => (number === 1 ? name : `${name}-${number}`);
  const staged = text
    .replace(`name = "${name}"`, `name = "${nameOf(stage)}"`)
    .replace(/^(MODEL = .*)$/m, `$1\nSTAGE = "${stage}/${stages}"`);
  if (stage === stages) return staged;
  return `${staged}\n[[services]]\nbinding = "NEXT"\nservice = "${nameOf(stage + 1)}"\n`;
}
