/**
 * The Workers' configurations. The committed ones serve the demonstration model from one isolate a tower, and are the
 * templates of all others: for each model its own tower Workers, of its revision, with as many stages of the image tower
 * as it needs, and one gateway that is bound to all of them. The decoder and the jobs Worker are the same for all models.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import type { Manifest } from "../model-shards/manifest.ts";
import { type EngineName, parseEngine, stagesNeeded } from "../model-shards/plan-stages.ts";
import { modelReference } from "../model-shards/model-reference.ts";

const ROOT = join(import.meta.dirname, "..");

export const GATEWAY_CONFIG = "wrangler.toml";
const DECODER_CONFIG = "functions/decoder/wrangler.toml";
const VISION_CONFIG = "functions/vision/wrangler.toml";
const TEXT_CONFIG = "functions/text/wrangler.toml";
export const JOBS_CONFIG = "functions/jobs/wrangler.toml";

/** The committed configurations, the gateway first: it is the one that listens. */
export const WORKER_CONFIGS = [
  GATEWAY_CONFIG,
  DECODER_CONFIG,
  VISION_CONFIG,
  TEXT_CONFIG,
  JOBS_CONFIG,
] as const;

export interface ConfigOptions {
  /** What runs the towers; the variable ENGINE of this process, or onnxruntime, unless given. */
  engine?: EngineName | undefined;
  /** Into how many Workers an image tower is cut; as many as it needs unless given. */
  imageStages?: number | undefined;
  /** Who is let in, if it is not for the deployment to say. */
  access?: "open" | "public" | "keys" | undefined;
  /** Whether every tower's Worker is named after its revision; else those of the first model have the plain names. */
  nameByRevision?: boolean;
  /** Ids of KV namespaces, by the names that stand for them in the committed configurations. */
  kvIds?: ReadonlyMap<string, string>;
}

export interface WorkerConfig {
  /** Of the Worker. */
  name: string;
  /** Of its configuration. */
  path: string;
  /** The committed configuration that it was made from: Workers that share one have the same code. */
  source: (typeof WORKER_CONFIGS)[number];
}

/** The part of wrangler's configuration that is changed here. */
interface RawConfig {
  name: string;
  main: string;
  vars?: Record<string, string>;
  assets?: { directory: string };
  services?: { binding: string; service: string }[];
  kv_namespaces?: { binding: string; id: string }[];
  r2_buckets?: { binding: string; bucket_name: string }[];
  queues?: { producers: { queue: string }[] };
}

/**
 * Writes the configurations of a deployment.
 * @param manifests of the models that it serves, the default first
 * @param folder where they go
 * @returns the gateway's first; then the decoder's; then each model's image tower, its stages in order, and text tower;
 * the jobs Worker's last
 */
export async function writeWorkerConfigs(
  manifests: readonly Manifest[],
  folder: string,
  options: ConfigOptions = {},
): Promise<WorkerConfig[]> {
  const { engine = parseEngine(process.env["ENGINE"]) } = options;
  const gateway = committedConfig(GATEWAY_CONFIG);
  const services = [{ binding: "DECODER", service: committedConfig(DECODER_CONFIG).name }];
  const towers: [RawConfig, WorkerConfig["source"]][] = [];
  for (const [index, manifest] of manifests.entries()) {
    const isPlain = index === 0 && options.nameByRevision !== true;
    const suffix = isPlain ? "" : `-${manifest.revision}`;
    const stages = options.imageStages ?? stagesNeeded(manifest.image.shards, engine);
    const vision = stagesOf(towerConfig(VISION_CONFIG, engine, manifest, suffix), stages);
    const text = towerConfig(TEXT_CONFIG, engine, manifest, suffix);
    towers.push(...vision.map((stage): [RawConfig, WorkerConfig["source"]] => [stage, VISION_CONFIG]));
    towers.push([text, TEXT_CONFIG]);
    const number = index === 0 ? "" : `_${index + 1}`;
    services.push({ binding: `VISION${number}`, service: vision[0]?.name ?? "" });
    services.push({ binding: `TEXT${number}`, service: text.name });
  }
  gateway.services = services;
  gateway.vars = {
    ...gateway.vars,
    SERVED_MODELS: manifests.map((manifest) => modelReference(manifest)).join(","),
    ...(options.access === undefined ? {} : { ACCESS: options.access }),
  };
  for (const namespace of gateway.kv_namespaces ?? []) {
    namespace.id = options.kvIds?.get(namespace.id) ?? namespace.id;
  }
  const all: [RawConfig, WorkerConfig["source"]][] = [
    [gateway, GATEWAY_CONFIG],
    [committedConfig(DECODER_CONFIG), DECODER_CONFIG],
    ...towers,
    [committedConfig(JOBS_CONFIG), JOBS_CONFIG],
  ];
  await mkdir(folder, { recursive: true });
  return await Promise.all(
    all.map(async ([config, source]) => {
      const path = join(folder, `${config.name}.json`);
      await writeFile(path, JSON.stringify(seenFrom(folder, source, config), null, 2));
      return { name: config.name, path, source };
    }),
  );
}

/** A committed configuration, with the entry of an engine: it is most of a Worker's size, and chosen by what is bundled. */
export function committedConfig(source: string, engine: EngineName = "ort"): RawConfig {
  const config = experimental_readRawConfig({ config: join(ROOT, source) }).rawConfig as RawConfig;
  const isTower = source === VISION_CONFIG || source === TEXT_CONFIG;
  return isTower && engine === "simd" ? { ...config, main: "simd.ts" } : config;
}

function towerConfig(source: string, engine: EngineName, manifest: Manifest, suffix: string): RawConfig {
  const config = committedConfig(source, engine);
  return { ...config, name: config.name + suffix, vars: { MODEL: modelReference(manifest) } };
}

/** A later stage is a Worker of its own; each but the last is bound to the next. */
function stagesOf(config: RawConfig, stages: number): RawConfig[] {
  if (stages === 1) return [config];
  const nameOf = (stage: number): string => (stage === 1 ? config.name : `${config.name}-${stage}`);
  return Array.from({ length: stages }, (_, index) => {
    const stage = index + 1;
    const next = stage === stages ? [] : [{ binding: "NEXT", service: nameOf(stage + 1) }];
    const vars = { ...config.vars, STAGE: `${stage}/${stages}` };
    return { ...config, name: nameOf(stage), vars, services: next };
  });
}

/** The same, with its paths as seen from `folder`. */
function seenFrom(folder: string, source: string, config: RawConfig): RawConfig {
  const from = (path: string): string => relative(folder, join(ROOT, dirname(source), path));
  const assets = config.assets && { assets: { ...config.assets, directory: from(config.assets.directory) } };
  return { ...config, ...assets, main: from(config.main) };
}
