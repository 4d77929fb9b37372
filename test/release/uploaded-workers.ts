/**
 * Runs what was uploaded to the stand-in for Cloudflare, as it was uploaded, in workerd. As on the platform, a version
 * of a Worker has its own code and bindings, and a service binding reaches the version of its target that is deployed
 * when the request arrives, whichever version asks. Messages to queues are kept, not delivered.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import type { KVNamespace, R2Bucket } from "@cloudflare/workers-types";

import { cacheBefore, cacheEntrypoint } from "../support/workers-cache.ts";
import { limitHeaps } from "../support/memory/isolate-heap.ts";

const ASSETS = join(import.meta.dirname, "../../.generated/public");

export interface UploadedBinding {
  type: string;
  name: string;
  [field: string]: unknown;
}

export interface Upload {
  bindings: UploadedBinding[];
  compatibilityDate: string;
  compatibilityFlags: string[];
  /** The entry first. */
  modules: { path: string; type: "ESModule" | "CompiledWasm" | "Data"; contents: Uint8Array<ArrayBuffer> }[];
  hasAssets: boolean;
  /** The platform's cache stands before it. */
  isCached: boolean;
  migrations: Migrations | undefined;
  /** Classes of Durable Objects that it exports. */
  durableClasses: string[];
  /** SHA-256 of all of it: what is the same need not be started twice. */
  hash: string;
}

export interface Version {
  id: string;
  upload: Upload;
  /** The last migration of its Worker's Durable Objects when it was uploaded. */
  migrationTag?: string | undefined;
}

const MODULE_TYPES = new Map([
  ["application/javascript+module", "ESModule"],
  ["application/wasm", "CompiledWasm"],
  ["application/octet-stream", "Data"],
] as const);

/** Migrations of Durable Objects: the steps from the tag that the script has to the newest. */
export interface Migrations {
  old_tag?: string;
  new_tag: string;
  steps: { new_sqlite_classes?: string[] }[];
}

interface Metadata {
  migrations?: Migrations;
  main_module: string;
  bindings: UploadedBinding[];
  compatibility_date: string;
  compatibility_flags?: string[];
  assets?: unknown;
  cache_options?: { enabled: boolean };
}

/** @param form as wrangler sends it */
export async function readUpload(form: FormData): Promise<Upload> {
  const metadata = JSON.parse(form.get("metadata") as string) as Metadata;
  const modules: Upload["modules"] = [];
  for (const [path, part] of form) {
    if (typeof part === "string") continue;
    const type = [...MODULE_TYPES].find(([mime]) => mime === part.type)?.[1];
    if (type === undefined) continue;
    modules.push({ path, type, contents: new Uint8Array(await part.arrayBuffer()) });
  }
  modules.sort((a, b) => Number(b.path === metadata.main_module) - Number(a.path === metadata.main_module));
  const { bindings, compatibility_date, compatibility_flags = [] } = metadata;
  const hash = createHash("sha256").update(
    JSON.stringify([bindings, compatibility_date, compatibility_flags, modules.map(({ path }) => path)]),
  );
  for (const { contents } of modules) hash.update(contents);
  return {
    bindings,
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    modules,
    hasAssets: metadata.assets !== undefined,
    isCached: metadata.cache_options?.enabled === true,
    migrations: metadata.migrations,
    durableClasses: exportedObjects(modules),
    hash: hash.digest("hex"),
  };
}

/** The classes of an entry module that are Durable Objects. The bundler numbers what several files import. */
function exportedObjects([entry]: Upload["modules"]): string[] {
  const code = new TextDecoder().decode(entry?.contents);
  const exported = new Set(/export \{([^}]*)\};?\s*(?:\/\/[^\n]*\s*)*$/.exec(code)?.[1]?.match(/\w+/g) ?? []);
  const classes = [
    ...code.matchAll(
      /(\w+)\s*=\s*class[^{]*extends DurableObject\d*\b|class (\w+) extends DurableObject\d*\b/g,
    ),
  ];
  return classes.map(([, named, plain]) => named ?? plain ?? "").filter((name) => exported.has(name));
}

export class UploadedWorkers {
  /** By what takes part. */
  readonly #running = new Map<string, Promise<Miniflare>>();
  readonly #storage: string;

  /** @param storage folder of R2 and KV, which all versions share */
  constructor(storage: string) {
    this.#storage = storage;
  }

  /** @param id of a namespace */
  async namespace(id: string): Promise<KVNamespace> {
    return (await this.#bound({ kvNamespaces: { STORE: id } }, (miniflare) =>
      miniflare.getKVNamespace("STORE", "store"),
    )) as unknown as KVNamespace;
  }

  async bucket(name: string): Promise<R2Bucket> {
    return (await this.#bound({ r2Buckets: { STORE: name } }, (miniflare) =>
      miniflare.getR2Bucket("STORE", "store"),
    )) as unknown as R2Bucket;
  }

  /**
   * Where a version answers now, started if the like does not run yet.
   * @param deployed the version of a Worker that a binding reaches
   */
  async url(
    worker: string,
    version: Version,
    deployed: (name: string) => Version | undefined,
  ): Promise<string> {
    const together = new Map([[worker, version]]);
    // What is added on the way is visited as well.
    for (const { upload } of together.values()) {
      for (const { type, service, script_name: script } of upload.bindings) {
        const name = (type === "service" ? service : script) as string | undefined;
        if (name === undefined || together.has(name)) continue;
        const target = deployed(name);
        if (target !== undefined) together.set(name, target);
      }
    }
    const key = [...together].map(([name, { upload }]) => `${name} ${upload.hash}`).join("\n");
    let started = this.#running.get(key);
    if (started === undefined) {
      const options = [...together].map(([name, { upload }]) => workerOptions(name, upload, together));
      for (const [name, { upload }] of together) {
        if (upload.isCached) options.push(cacheBefore(name, cacheOf(name)));
      }
      started = Promise.resolve(this.#start(options));
      this.#running.set(key, started);
    }
    return (await (await started).ready).origin;
  }

  async dispose(): Promise<void> {
    const all = await Promise.all(this.#running.values());
    await Promise.all(all.map((miniflare) => miniflare.dispose()));
  }

  /** Asks the Worker that is there for nothing but its bindings. */
  async #bound<T>(bindings: Partial<V4WorkerOptions>, ask: (miniflare: Miniflare) => Promise<T>): Promise<T> {
    const key = JSON.stringify(bindings);
    let started = this.#running.get(key);
    if (started === undefined) {
      const options = {
        name: "store",
        modules: [{ type: "ESModule" as const, path: "store.js", contents: "export default {};" }],
        compatibilityDate: "2026-10-20",
        ...bindings,
      };
      started = Promise.resolve(this.#start([options as V4WorkerOptions]));
      this.#running.set(key, started);
    }
    return await ask(await started);
  }

  #start(workers: V4WorkerOptions[]): Miniflare {
    limitHeaps();
    return new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: 0,
        handleStructuredLogs: () => {},
        resourcePersistencePath: this.#storage,
        workers,
      }),
    );
  }
}

/** The stand-in for the platform's cache before a Worker. */
function cacheOf(worker: string): string {
  return `cache-of-${worker}`;
}

function workerOptions(
  name: string,
  upload: Upload,
  together: ReadonlyMap<string, Version>,
): V4WorkerOptions {
  const of = (type: string, field: string): Record<string, string> =>
    Object.fromEntries(
      upload.bindings.filter((each) => each.type === type).map((each) => [each.name, each[field] as string]),
    );
  const services = Object.entries(of("service", "service"))
    .filter(([, service]) => together.has(service))
    .map(([binding, service]) => {
      const isCached = together.get(service)?.upload.isCached === true;
      return [binding, isCached ? cacheEntrypoint(cacheOf(service)) : service];
    });
  const limits = upload.bindings.filter(({ type }) => type === "ratelimit");
  const datasets = Object.entries(of("analytics_engine", "dataset"));
  return {
    name,
    modules: upload.modules,
    compatibilityDate: upload.compatibilityDate,
    compatibilityFlags: upload.compatibilityFlags,
    bindings: { ...of("plain_text", "text"), ...of("secret_text", "text") },
    kvNamespaces: of("kv_namespace", "namespace_id"),
    r2Buckets: of("r2_bucket", "bucket_name"),
    queueProducers: of("queue", "queue_name"),
    durableObjects: Object.fromEntries(objectsOf(upload)),
    serviceBindings: Object.fromEntries(services),
    ratelimits: Object.fromEntries(
      limits.map((limit) => [limit.name, { simple: limit["simple"], namespace_id: limit["namespace_id"] }]),
    ),
    analyticsEngineDatasets: Object.fromEntries(datasets.map(([binding, dataset]) => [binding, { dataset }])),
    ...(upload.hasAssets ? { assets: { directory: ASSETS, routerConfig: { has_user_worker: true } } } : {}),
  } as V4WorkerOptions;
}

/** Namespaces that it is bound to, and those of its own classes. */
function objectsOf({ bindings, durableClasses }: Upload): [binding: string, object][] {
  const bound = bindings.filter(({ type }) => type === "durable_object_namespace");
  return [
    ...bound.map(({ name, class_name: className, script_name: scriptName }): [string, object] => [
      name,
      { className, scriptName, useSQLite: true },
    ]),
    ...durableClasses.map((className): [string, object] => [className, { className, useSQLite: true }]),
  ];
}
