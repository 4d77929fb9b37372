/**
 * The real Workers in a real workerd: bundles and configuration as deployed, joined by their service bindings, over
 * local R2 and KV that live as long as the test. A test may change variables, put a Worker of its own between a
 * tower and R2, or add Workers.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { putModel } from "../../scripts/models/models-in-r2.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { committedConfig, GATEWAY_CONFIG, writeWorkerConfigs } from "../../scripts/worker-configs.ts";
import type { WorkerStats } from "../../functions/runtime/rpc.ts";
import { bundleFolder } from "./bundle-workers.ts";
import { type EngineName, parseEngine } from "../../model-shards/plan-stages.ts";
import { type IsolateMemory, isolateMemory } from "./memory/isolate-memory.ts";
import { probeWorker } from "./probe.ts";
import { limitHeaps } from "./memory/isolate-heap.ts";
import { hasLargeFile, storeLargeFiles } from "./models/store-large-files.ts";

const VISION = "edgeclip-vision";
const TEXT = "edgeclip-text";
const DECODER = "edgeclip-decoder";
const SEARCH = "edgeclip-search";
const STATE = "edgeclip-state";
const ROOT = join(import.meta.dirname, "../..");
export const DEMO_MODEL = join(ROOT, "model-shards/edgeclip-demo");

interface Stats {
  vision: WorkerStats[];
  text: WorkerStats;
  decoder: WorkerStats;
  search: WorkerStats;
}

export interface WorkersOptions {
  /** Folder of the built model to serve. Default: the demonstration model. */
  model?: string;
  /** Folders of further models to serve. */
  otherModels?: string[];
  /** The towers' engine. Default: this process's variable ENGINE, or the project's own kernels. */
  engine?: EngineName;
  /** Number of Workers of the image tower. Default: as many as it needs. */
  stages?: number;
  /** Changes a Worker's options before it starts, by the Worker's name. */
  change?: (name: string, options: V4WorkerOptions) => V4WorkerOptions;
  /** Further Workers. */
  add?: V4WorkerOptions[];
  /** Who may use the service. Default: everybody. */
  access?: "open" | "public" | "keys";
  /** Folder of R2 and KV, which is kept when the Workers end. */
  storage?: string;
}

export interface Workers {
  /** URL of the gateway, without a final slash. */
  url: string;
  miniflare: Miniflare;
  models: R2Bucket;
  /** `<alias>/<revision>` of the model. */
  prefix: string;
  /** Everything the Workers wrote to their logs so far. */
  logs: string[];
  /** Calls the Worker behind one of the gateway's bindings; see `probe.ts`. */
  probe(
    path: string,
    body: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  ): Promise<Response>;
  /**
   * Memory of each of the project's isolates now, by the Worker's name. @param collect true to collect garbage first
   */
  memory(collect?: boolean): Promise<Map<string, IsolateMemory & { wasmBytes: number }>>;
  dispose(): Promise<void>;
}

/** The sum to which an isolate's limit applies. */
export function totalBytes(memory: IsolateMemory & { wasmBytes: number }): number {
  return memory.wasmBytes + memory.backingStorageBytes + memory.heapBytes;
}

export async function startWorkers({
  model = DEMO_MODEL,
  otherModels = [],
  engine = parseEngine(process.env["ENGINE"]),
  stages,
  change,
  add = [],
  storage,
  access = "open",
}: WorkersOptions = {}): Promise<Workers> {
  const folders = [model, ...otherModels];
  const manifests = await Promise.all(folders.map((each) => readManifest(each)));
  const logs: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-workers-"));
  const configs = await writeWorkerConfigs(manifests, folder, { engine, imageStages: stages, access });
  const workers = await Promise.all(
    configs.map(async ({ name, path, source }) => {
      const options = await loadWorker(name, path, bundleFolder(source, engine));
      return change?.(name, options) ?? options;
    }),
  );
  let stored = storage;
  if (manifests.some(hasLargeFile)) {
    stored ??= join(folder, "storage");
    await storeLargeFiles(folders, stored);
  }
  const visionWorkers = configs.map(({ name }) => name).filter((name) => name.startsWith(VISION));
  limitHeaps();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      inspectorPort: 0,
      handleStructuredLogs: ({ message }) => logs.push(message),
      workers: [...workers, probeWorker(visionWorkers), ...add],
      ...(stored === undefined ? {} : { resourcePersistencePath: stored }),
    }),
  );
  const url = (await miniflare.ready).origin;
  const models = (await miniflare.getR2Bucket("MODELS", "probe")) as unknown as R2Bucket;
  for (const each of folders) await putModel(models, each);
  const probeUrl = await miniflare.unsafeGetDirectURL("probe");
  const readStats = async (): Promise<Stats> =>
    (await (await fetch(new URL("/stats", probeUrl), { method: "POST" })).json()) as Stats;
  /** Something to do for every one of our Workers: for that of the queue, a message that it lets go. */
  const wake = async (): Promise<void> => {
    const state = await miniflare.unsafeGetDirectURL(STATE);
    const builds = await miniflare.getQueueProducer<object>("BUILDS", committedConfig(GATEWAY_CONFIG).name);
    await Promise.all([
      readStats(),
      fetch(`${url}/healthz`).then((response) => response.text()),
      fetch(state).then((response) => response.text()),
      builds.send({}),
    ]);
  };
  return {
    url,
    miniflare,
    models,
    prefix: `${manifests[0]?.alias}/${manifests[0]?.revision}`,
    logs,
    memory: async (collect = false) => {
      const inspector = await miniflare.getInspectorURL();
      inspector.protocol = "http:";
      const stats = await readStats();
      const wasm = new Map([
        [TEXT, stats.text.wasmBytes],
        [DECODER, stats.decoder.wasmBytes],
        [SEARCH, stats.search.wasmBytes],
      ]);
      visionWorkers.forEach((name, i) => wasm.set(name, stats.vision[i]?.wasmBytes ?? 0));
      const held = configs.map(async ({ name }) => {
        const wasmBytes = wasm.get(name) ?? 0;
        return [
          name,
          { ...(await isolateMemory(inspector, name, collect ? wake : undefined)), wasmBytes },
        ] as const;
      });
      return new Map(await Promise.all(held));
    },
    probe: (path, body) => fetch(new URL(path, probeUrl), { method: "POST", body }),
    dispose: async () => {
      await miniflare.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

/** A committed Worker's options and code, as deployed. @param config its path from the root */
export async function workerOptions(config: string): Promise<V4WorkerOptions> {
  return await loadWorker(committedConfig(config).name, join(ROOT, config), bundleFolder(config));
}

/** A Worker's options from its configuration, its code from its bundle. */
async function loadWorker(name: string, path: string, folder: string): Promise<V4WorkerOptions> {
  const { workerOptions: options } = unstable_getMiniflareWorkerOptions(path);
  const modules = await bundledModules(folder);
  const { modulesRules: _rules, rootPath: _root, ...rest } = options;
  return { ...rest, name, modules, unsafeDirectSockets: [{}] } as V4WorkerOptions;
}

/** The modules of a bundle for Miniflare, its code first. @param folder the bundle's */
export async function bundledModules(folder: string) {
  const files = (await readdir(folder)).filter((file) => /\.(js|wasm|bin)$/.test(file));
  return await Promise.all(
    files
      .toSorted((a) => (a.endsWith(".js") ? -1 : 1))
      .map(async (file) => ({
        type: file.endsWith(".js")
          ? ("ESModule" as const)
          : file.endsWith(".wasm")
            ? ("CompiledWasm" as const)
            : ("Data" as const),
        path: file,
        contents: new Uint8Array(await readFile(join(folder, file))),
      })),
  );
}
