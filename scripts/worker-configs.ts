/**
 * The Workers' configurations. The committed ones serve the demonstration model from one isolate a tower; those for
 * another model are made from them: its revision, and as many stages of the image tower as it needs.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Manifest } from "../model-shards/manifest.ts";
import { type EngineName, parseEngine, stagesNeeded } from "../model-shards/plan-stages.ts";

const ROOT = join(import.meta.dirname, "..");

/** The committed configurations, the gateway first: it is the one that listens. */
export const WORKER_CONFIGS = [
  "wrangler.toml",
  "functions/decoder/wrangler.toml",
  "functions/vision/wrangler.toml",
  "functions/text/wrangler.toml",
] as const;

const GATEWAY_CONFIG = "wrangler.toml";
const VISION_CONFIG = "functions/vision/wrangler.toml";
/** Workers that have an engine. */
const TOWER_CONFIGS = [VISION_CONFIG, "functions/text/wrangler.toml"];

export interface ConfigOptions {
  engine?: EngineName | undefined;
  imageStages?: number | undefined;
  access?: "open" | "public" | "keys" | undefined;
}

export interface WorkerConfig {
  /** Of the Worker. */
  name: string;
  /** Of its configuration. */
  path: string;
  /** The committed configuration that it was made from: Workers that share one have the same code. */
  source: (typeof WORKER_CONFIGS)[number];
}

/**
 * Writes the configurations for a model.
 * @param folder where they go
 * @param options.engine what runs the towers; the variable ENGINE of this process, or onnxruntime, unless given
 * @param options.imageStages into how many Workers the image tower is cut; as many as it needs unless given
 * @param options.access who is let in, if it is not for the deployment to say
 * @returns the gateway's first, the stages of a tower in order
 */
export async function writeWorkerConfigs(
  manifest: Manifest,
  folder: string,
  { engine = parseEngine(process.env["ENGINE"]), imageStages, access }: ConfigOptions = {},
): Promise<WorkerConfig[]> {
  const stagesOfVision = imageStages ?? stagesNeeded(manifest.image.shards, engine);
  await mkdir(folder, { recursive: true });
  const configs: WorkerConfig[] = [];
  for (const source of WORKER_CONFIGS) {
    const committed = await committedConfig(source, engine);
    const text = withAccess(withModel(committed, source, folder, manifest), source, access);
    const stages = source === VISION_CONFIG ? stagesOfVision : 1;
    for (let stage = 1; stage <= stages; stage++) {
      const staged = stages === 1 ? text : withStage(text, stage, stages);
      const name = workerName(staged);
      const path = join(folder, `${name}.toml`);
      await writeFile(path, staged);
      configs.push({ name, path, source });
    }
  }
  return configs;
}

/**
 * A committed configuration with its engine's entry: an engine is most of a Worker's size, and chosen by what is bundled.
 */
export async function committedConfig(source: string, engine: EngineName): Promise<string> {
  const text = await readFile(join(ROOT, source), "utf8");
  const isTower = TOWER_CONFIGS.some((config) => config === source);
  return isTower && engine === "simd" ? text.replace('main = "index.ts"', 'main = "simd.ts"') : text;
}

/** @param config the configuration's text */
export function workerName(config: string): string {
  const [, name] = /^name = "(.+)"$/m.exec(config) ?? [];
  if (name === undefined) throw new Error("the configuration names no Worker");
  return name;
}

/** The model's revision, and the paths as seen from `folder`. */
function withModel(text: string, config: string, folder: string, { alias, revision }: Manifest): string {
  return text
    .replace(/^MODEL = ".*"$/m, `MODEL = "${alias}@${revision}"`)
    .replace(/^(main|directory) = "(.+)"$/gm, (_, name: string, path: string) => {
      return `${name} = "${relative(folder, join(ROOT, dirname(config), path))}"`;
    });
}

function withAccess(text: string, config: string, access: string | undefined): string {
  if (config !== GATEWAY_CONFIG || access === undefined) return text;
  return text.replace(/^\[vars\]$/m, `[vars]\nACCESS = "${access}"`);
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
