/** Stores of key records: the local KV of `npm start`, or the deployment's KV through wrangler. */
import { join } from "node:path";
import type { KVNamespace, KVNamespaceListResult } from "@cloudflare/workers-types";
import { getPlatformProxy } from "wrangler";
import { CloudflareApi } from "../cloudflare/api.ts";
import { NAMESPACES } from "../cloudflare/resource-names.ts";
import { wrangler } from "../cloudflare/wrangler.ts";
import { ROOT, storageFolder } from "../paths.ts";
import { KEY_PREFIX, type KeyRecord } from "../../functions/gateway/keys/api-key.ts";

const CONFIG = join(ROOT, "wrangler.toml");

export interface KeyStore {
  put(path: string, record: KeyRecord): Promise<void>;
  list(): Promise<{ path: string; record: KeyRecord }[]>;
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

export async function localKeys(): Promise<KeyStore> {
  const proxy = await getPlatformProxy<{ KEYS: KVNamespace }>({
    configPath: CONFIG,
    persist: { path: storageFolder() },
  });
  const { KEYS } = proxy.env;
  return {
    put: (path, record) => KEYS.put(path, JSON.stringify(record), { metadata: record }),
    list: async () => {
      const records: { path: string; record: KeyRecord }[] = [];
      for (let cursor: string | null = null; ;) {
        const listed: KVNamespaceListResult<KeyRecord> = await KEYS.list({ prefix: KEY_PREFIX, cursor });
        for (const { name, metadata } of listed.keys) {
          if (metadata !== undefined) records.push({ path: name, record: metadata });
        }
        if (listed.list_complete) return records;
        ({ cursor } = listed);
      }
    },
    remove: (path) => KEYS.delete(path),
    close: () => proxy.dispose(),
  };
}

/** @throws Error if there is no deployment */
export async function remoteKeys(): Promise<KeyStore> {
  const namespace = (await (await CloudflareApi.open()).namespaces()).get(NAMESPACES.keys);
  if (namespace === undefined)
    throw new Error('there is no KV namespace for keys at Cloudflare yet: run "npm run deploy" first');
  const kv = async (...parameters: string[]): Promise<string> =>
    await wrangler(["kv", "key", ...parameters, "--namespace-id", namespace, "--remote"]);
  return {
    put: async (path, record) => {
      const json = JSON.stringify(record);
      await kv("put", path, json, "--metadata", json);
    },
    list: async () => {
      const keys = JSON.parse(await kv("list", "--prefix", KEY_PREFIX)) as {
        name: string;
        metadata?: KeyRecord;
      }[];
      return keys.flatMap(({ name, metadata }) => (metadata ? [{ path: name, record: metadata }] : []));
    },
    remove: async (path) => {
      await kv("delete", path);
    },
    close: async () => {},
  };
}
