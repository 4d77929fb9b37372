/**
 * The Workers' configurations. The committed ones serve the demonstration model from one isolate a tower, and are the
 * templates of all others: for each model its own tower Workers, of its revision, with as many stages of the image tower
 * as it needs, and one gateway that is bound to all of them. The decoder and the jobs Worker are the same for all models.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import type { Manifest } from "../model-shards/manifest.ts";
import { DEFAULT_ENGINE, type EngineName, parseEngine, stagesNeeded } from "../model-shards/plan-stages.ts";
import { modelReference } from "../model-shards/model-reference.ts";
import { ROOT } from "./paths.ts";

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

/** Where a committed configuration is, from the root. */
export type Source = (typeof WORKER_CONFIGS)[number];
export type CodeHashes = ReadonlyMap<Source, string>;

/** Hexadecimal digits of a hash in a Worker's name. */
const HASH_DIGITS = 16;

export interface ConfigOptions {
  /** What runs the towers; the variable ENGINE of this process, or our own kernels, unless given. */
  engine?: EngineName | undefined;
  /** Into how many Workers an image tower is cut; as many as it needs unless given. */
  imageStages?: number | undefined;
  /** Who is let in, if it is not for the deployment to say. */
  access?: "open" | "public" | "keys" | undefined;
  /** Which pages may ask, as `ALLOWED_ORIGINS` lists them, if it is not for the deployment to say. */
  allowedOrigins?: string | undefined;
  /**
   * SHA-256 of the code of every Worker that stands beside others, by source. If given, each of those Workers is named after the
   * hash of its code and settings, the model's revision among them; else the towers of all models but the first are
   * named after their revision.
   */
  codeHashes?: CodeHashes;
  /** Ids of KV namespaces, by the names that stand for them in the committed configurations. */
  kvIds?: ReadonlyMap<string, string>;
}

export interface WorkerConfig {
  /** Of the Worker. */
  name: string;
  /** Of its configuration. */
  path: string;
  /** The committed configuration that it was made from: Workers that share one have the same code. */
  source: Source;
  /** Queues whose messages it gets. */
  consumes: string[];
}

/** Workers that stand beside those of other releases; any other but the gateway keeps its name from release to release. */
export const BESIDE_CONFIGS: readonly Source[] = [DECODER_CONFIG, VISION_CONFIG, TEXT_CONFIG];

/** Their names begin so. */
export const BESIDE_NAMES = BESIDE_CONFIGS.map((source) => committedConfig(source).name);

/** The part of wrangler's configuration that is changed here. */
interface RawConfig {
  name: string;
  main: string;
  vars?: Record<string, string>;
  assets?: { directory: string };
  services?: { binding: string; service: string }[];
  kv_namespaces?: { binding: string; id: string }[];
  r2_buckets?: { binding: string; bucket_name: string }[];
  queues?: { producers: { queue: string }[]; consumers?: { queue: string }[] };
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
  const { engine = parseEngine(process.env["ENGINE"]), codeHashes } = options;
  const gateway = committedConfig(GATEWAY_CONFIG);
  const decoder = named(committedConfig(DECODER_CONFIG), DECODER_CONFIG, codeHashes);
  const services = [{ binding: "DECODER", service: decoder.name }];
  const towers: [RawConfig, Source][] = [];
  for (const [index, manifest] of manifests.entries()) {
    const suffix = index === 0 || codeHashes !== undefined ? "" : `-${manifest.revision}`;
    const stages = options.imageStages ?? stagesNeeded(manifest.image.shards, engine);
    const vision = stagesOf(towerConfig(VISION_CONFIG, engine, manifest, suffix), stages, codeHashes);
    const text = named(towerConfig(TEXT_CONFIG, engine, manifest, suffix), TEXT_CONFIG, codeHashes);
    towers.push(...vision.map((stage): [RawConfig, Source] => [stage, VISION_CONFIG]), [text, TEXT_CONFIG]);
    const number = index === 0 ? "" : `_${index + 1}`;
    services.push({ binding: `VISION${number}`, service: vision[0]?.name ?? "" });
    services.push({ binding: `TEXT${number}`, service: text.name });
  }
  gateway.services = services;
  gateway.vars = {
    ...gateway.vars,
    SERVED_MODELS: manifests.map((manifest) => modelReference(manifest)).join(","),
    ...(options.access === undefined ? {} : { ACCESS: options.access }),
    ...(options.allowedOrigins === undefined ? {} : { ALLOWED_ORIGINS: options.allowedOrigins }),
  };
  for (const namespace of gateway.kv_namespaces ?? []) {
    namespace.id = options.kvIds?.get(namespace.id) ?? namespace.id;
  }
  const all: [RawConfig, Source][] = [
    [gateway, GATEWAY_CONFIG],
    [decoder, DECODER_CONFIG],
    ...towers,
    [committedConfig(JOBS_CONFIG), JOBS_CONFIG],
  ];
  await mkdir(folder, { recursive: true });
  return await Promise.all(
    all.map(async ([config, source]) => {
      const path = join(folder, `${config.name}.json`);
      await writeFile(path, JSON.stringify(seenFrom(folder, source, config), null, 2));
      const consumes = (config.queues?.consumers ?? []).map(({ queue }) => queue);
      return { name: config.name, path, source, consumes };
    }),
  );
}

/** A committed configuration, with the entry of an engine: it is most of a Worker's size, and chosen by what is bundled. */
export function committedConfig(source: string, engine: EngineName = DEFAULT_ENGINE): RawConfig {
  const config = experimental_readRawConfig({ config: join(ROOT, source) }).rawConfig as RawConfig;
  const isTower = source === VISION_CONFIG || source === TEXT_CONFIG;
  return isTower && engine === "ort" ? { ...config, main: "ort.ts" } : config;
}

function towerConfig(source: string, engine: EngineName, manifest: Manifest, suffix: string): RawConfig {
  const config = committedConfig(source, engine);
  return { ...config, name: config.name + suffix, vars: { MODEL: modelReference(manifest) } };
}

/** A later stage is a Worker of its own; each but the last is bound to the next. */
function stagesOf(config: RawConfig, stages: number, codeHashes: CodeHashes | undefined): RawConfig[] {
  if (stages === 1) return [named(config, VISION_CONFIG, codeHashes)];
  const made: RawConfig[] = [];
  // The last one first: a name that is a hash covers the name of what the Worker is bound to.
  for (let stage = stages; stage >= 1; stage--) {
    const [next] = made;
    const services = next === undefined ? [] : [{ binding: "NEXT", service: next.name }];
    const name = stage === 1 ? config.name : `${config.name}-${stage}`;
    const vars = { ...config.vars, STAGE: `${stage}/${stages}` };
    made.unshift(named({ ...config, name, vars, services }, VISION_CONFIG, codeHashes));
  }
  return made;
}

/** The same, named after the hash of its code and settings if the hash of its code is known. */
function named(config: RawConfig, source: Source, codeHashes: CodeHashes | undefined): RawConfig {
  const code = codeHashes?.get(source);
  if (code === undefined) return config;
  const hash = createHash("sha256")
    .update(JSON.stringify([code, config]))
    .digest("hex");
  return { ...config, name: `${config.name}-${hash.slice(0, HASH_DIGITS)}` };
}

/** The same, with its paths as seen from `folder`. */
function seenFrom(folder: string, source: string, config: RawConfig): RawConfig {
  const from = (path: string): string => relative(folder, join(ROOT, dirname(source), path));
  const assets = config.assets && { assets: { ...config.assets, directory: from(config.assets.directory) } };
  return { ...config, ...assets, main: from(config.main) };
}
