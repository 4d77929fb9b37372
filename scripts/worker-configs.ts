/**
 * Configurations of the Workers. The committed ones serve the demonstration model with one isolate a tower, and are
 * templates for all others: each model has tower Workers of its own, for its revision, with as many stages of the image
 * tower as it needs. One gateway is bound to all of them. The other Workers are shared by all models.
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
const SHARDS_CONFIG = "functions/shards/wrangler.toml";
export const SEARCH_CONFIG = "functions/search/wrangler.toml";
export const STATE_CONFIG = "functions/state/wrangler.toml";
const JOBS_CONFIG = "functions/jobs/wrangler.toml";

/** The committed configurations, the gateway's first: wrangler lets the first Worker listen. */
export const WORKER_CONFIGS = [
  GATEWAY_CONFIG,
  DECODER_CONFIG,
  VISION_CONFIG,
  TEXT_CONFIG,
  SHARDS_CONFIG,
  STATE_CONFIG,
  SEARCH_CONFIG,
  JOBS_CONFIG,
] as const;

/** Path of a committed configuration, from the root. */
export type Source = (typeof WORKER_CONFIGS)[number];
export type CodeHashes = ReadonlyMap<Source, string>;

/** Hexadecimal digits of a hash in a Worker's name. */
const HASH_DIGITS = 16;

export interface ConfigOptions {
  /** The engine of the towers. Default: the environment variable ENGINE, or our own kernels. */
  engine?: EngineName | undefined;
  /** Number of Workers for the image tower. Default: as many as it needs. */
  imageStages?: number | undefined;
  /** Who may send requests. Default: as in the committed configuration. */
  access?: "open" | "public" | "keys" | undefined;
  /** `ALLOWED_ORIGINS`. Default: as in the committed configuration. */
  allowedOrigins?: string | undefined;
  /**
   * SHA-256 of the code of each Worker in `HASHED_CONFIGS`. If given, each of those in `BESIDE_CONFIGS` is named after
   * the hash of its code and settings, including the model's revision; the state Worker has it in the variable `CODE`.
   * If not, the towers of all models except the first are named after their revision.
   */
  codeHashes?: CodeHashes;
  /** Ids of KV namespaces, by the names in the committed configurations. */
  kvIds?: ReadonlyMap<string, string>;
}

export interface WorkerConfig {
  /** The Worker's name. */
  name: string;
  /** Path of its configuration. */
  path: string;
  /** The committed configuration that it was made from. Workers with the same source have the same code. */
  source: Source;
  /** Queues that it consumes. */
  consumes: string[];
  /** Hash of the state Worker's code and settings. */
  code?: string | undefined;
}

/**
 * Workers whose releases exist beside each other, under names of their own. All others keep their names: of the
 * gateway, versions exist beside each other.
 */
export const BESIDE_CONFIGS: readonly Source[] = [
  DECODER_CONFIG,
  VISION_CONFIG,
  TEXT_CONFIG,
  SHARDS_CONFIG,
  SEARCH_CONFIG,
];

/** Workers of which a release must know whether they are there already with the same code and settings. */
export const HASHED_CONFIGS: readonly Source[] = [...BESIDE_CONFIGS, STATE_CONFIG];

/** Their names begin with these. */
export const BESIDE_NAMES = BESIDE_CONFIGS.map((source) => committedConfig(source).name);

/** The parts of wrangler's configuration that are read or changed here. */
interface RawConfig {
  name: string;
  main: string;
  workers_dev?: boolean;
  observability?: object | undefined;
  vars?: Record<string, string>;
  assets?: { directory: string };
  services?: { binding: string; service: string }[];
  kv_namespaces?: { binding: string; id: string }[];
  r2_buckets?: { binding: string; bucket_name: string }[];
  ratelimits?: { name: string; simple: { limit: number; period: number } }[];
  queues?: { producers: { queue: string }[]; consumers?: { queue: string }[] };
}

/**
 * Writes the configurations of a deployment.
 * @param manifests of the models that it serves, the default first
 * @param folder to write to
 * @returns in this order: gateway, decoder, for each model the stages of the image tower and the text tower, shards,
 * state, search, jobs
 */
export async function writeWorkerConfigs(
  manifests: readonly Manifest[],
  folder: string,
  options: ConfigOptions = {},
): Promise<WorkerConfig[]> {
  const { engine = parseEngine(process.env["ENGINE"]), codeHashes } = options;
  const gateway = committedConfig(GATEWAY_CONFIG);
  const decoder = named(committedConfig(DECODER_CONFIG), DECODER_CONFIG, codeHashes);
  const shards = named(committedConfig(SHARDS_CONFIG), SHARDS_CONFIG, codeHashes);
  const search = named(committedConfig(SEARCH_CONFIG), SEARCH_CONFIG, codeHashes);
  const ofShards = { binding: "SHARDS", service: shards.name };
  const services = [
    { binding: "DECODER", service: decoder.name },
    ofShards,
    { binding: "SEARCH", service: search.name },
  ];
  const towers: [RawConfig, Source][] = [];
  for (const [index, manifest] of manifests.entries()) {
    const suffix = index === 0 || codeHashes !== undefined ? "" : `-${manifest.revision}`;
    const stages = options.imageStages ?? stagesNeeded(manifest.image.shards, engine);
    const tower = (source: string): RawConfig => ({
      ...towerConfig(source, engine, manifest, suffix),
      services: [ofShards],
    });
    const vision = stagesOf(tower(VISION_CONFIG), stages, codeHashes);
    const text = named(tower(TEXT_CONFIG), TEXT_CONFIG, codeHashes);
    towers.push(...vision.map((stage): [RawConfig, Source] => [stage, VISION_CONFIG]), [text, TEXT_CONFIG]);
    const number = index === 0 ? "" : `_${index + 1}`;
    services.push({ binding: `VISION${number}`, service: vision[0]?.name ?? "" });
    services.push({ binding: `TEXT${number}`, service: text.name });
  }
  gateway.services = services;
  gateway.vars = {
    ...gateway.vars,
    SERVED_MODELS: manifests.map((manifest) => modelReference(manifest)).join(","),
    RATE_LIMITS: rateLimits(gateway),
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
    [shards, SHARDS_CONFIG],
    [withCode(committedConfig(STATE_CONFIG), codeHashes), STATE_CONFIG],
    [search, SEARCH_CONFIG],
    [committedConfig(JOBS_CONFIG), JOBS_CONFIG],
  ];
  await mkdir(folder, { recursive: true });
  return await Promise.all(
    all.map(async ([config, source]) => {
      const path = join(folder, `${config.name}.json`);
      await writeFile(path, JSON.stringify(seenFrom(folder, source, config), null, 2));
      const consumes = (config.queues?.consumers ?? []).map(({ queue }) => queue);
      return { name: config.name, path, source, consumes, code: config.vars?.["CODE"] };
    }),
  );
}

/** As the gateway's variable `RATE_LIMITS` has them. */
function rateLimits({ ratelimits = [] }: RawConfig): string {
  return ratelimits.map(({ name, simple }) => `${name}=${simple.limit}/${simple.period}`).join(",");
}

/** Those of the committed configuration. */
export function committedRateLimits(): string {
  return rateLimits(committedConfig(GATEWAY_CONFIG));
}

function rawConfig(source: string): RawConfig {
  return experimental_readRawConfig({ config: join(ROOT, source) }).rawConfig as RawConfig;
}

/** A committed configuration, with the gateway's `observability`. `main` of a tower is the entry file of the engine, so that only this engine is bundled. */
export function committedConfig(source: string, engine: EngineName = DEFAULT_ENGINE): RawConfig {
  const { observability } = rawConfig(GATEWAY_CONFIG);
  const config = { ...rawConfig(source), observability };
  const isTower = source === VISION_CONFIG || source === TEXT_CONFIG;
  return isTower && engine === "ort" ? { ...config, main: "ort.ts" } : config;
}

function towerConfig(source: string, engine: EngineName, manifest: Manifest, suffix: string): RawConfig {
  const config = committedConfig(source, engine);
  return { ...config, name: config.name + suffix, vars: { MODEL: modelReference(manifest) } };
}

/** One configuration a stage, in order. Each stage except the last is bound to the next. */
function stagesOf(config: RawConfig, stages: number, codeHashes: CodeHashes | undefined): RawConfig[] {
  if (stages === 1) return [named(config, VISION_CONFIG, codeHashes)];
  const made: RawConfig[] = [];
  // The last stage first: a stage's name may be a hash over its settings, which contain the name of the next stage.
  for (let stage = stages; stage >= 1; stage--) {
    const [next] = made;
    const toNext = next === undefined ? [] : [{ binding: "NEXT", service: next.name }];
    const services = [...(config.services ?? []), ...toNext];
    const name = stage === 1 ? config.name : `${config.name}-${stage}`;
    const vars = { ...config.vars, STAGE: `${stage}/${stages}` };
    made.unshift(named({ ...config, name, vars, services }, VISION_CONFIG, codeHashes));
  }
  return made;
}

/** Adds the hash of code and settings to the Worker's variables, if the hash of its code is known. */
function withCode(config: RawConfig, codeHashes: CodeHashes | undefined): RawConfig {
  const code = codeHashes?.get(STATE_CONFIG);
  if (code === undefined) return config;
  return { ...config, vars: { ...config.vars, CODE: hashOf(code, config) } };
}

function hashOf(code: string, config: RawConfig): string {
  const hash = createHash("sha256").update(JSON.stringify([code, config]));
  return hash.digest("hex").slice(0, HASH_DIGITS);
}

/** Adds the hash of code and settings to the Worker's name, if the hash of its code is known. */
function named(config: RawConfig, source: Source, codeHashes: CodeHashes | undefined): RawConfig {
  const code = codeHashes?.get(source);
  if (code === undefined) return config;
  return { ...config, name: `${config.name}-${hashOf(code, config)}` };
}

/** Makes the paths in a configuration relative to `folder`. */
function seenFrom(folder: string, source: string, config: RawConfig): RawConfig {
  const from = (path: string): string => relative(folder, join(ROOT, dirname(source), path));
  const assets = config.assets && { assets: { ...config.assets, directory: from(config.assets.directory) } };
  return { ...config, ...assets, main: from(config.main) };
}
