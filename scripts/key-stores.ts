/** Where `npm run keys` finds the records: the local KV of `npm start`, or the deployment's through wrangler. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KVNamespace } from "@cloudflare/workers-types";
import { getPlatformProxy } from "wrangler";
import { KEY_PREFIX, type KeyRecord } from "../functions/gateway/access/api-key.ts";

const ROOT = join(import.meta.dirname, "..");
const CONFIG = join(ROOT, "wrangler.toml");
const WRANGLER = join(ROOT, "node_modules/.bin/wrangler");

export interface KeyStore {
  put(path: string, record: KeyRecord): Promise<void>;
  list(): Promise<{ path: string; record: KeyRecord }[]>;
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

/** @param state folder in which `npm start` keeps its storage */
export async function localKeys(
  state = process.env["EDGECLIP_STATE"] ?? join(ROOT, ".wrangler/state"),
): Promise<KeyStore> {
  const proxy = await getPlatformProxy<{ KEYS: KVNamespace }>({
    configPath: CONFIG,
    persist: { path: join(state, "v3") },
  });
  const { KEYS } = proxy.env;
  return {
    put: (path, record) => KEYS.put(path, JSON.stringify(record), { metadata: record }),
    list: async () => {
      const { keys } = await KEYS.list<KeyRecord>({ prefix: KEY_PREFIX });
      return keys.flatMap(({ name, metadata }) => (metadata ? [{ path: name, record: metadata }] : []));
    },
    remove: (path) => KEYS.delete(path),
    close: () => proxy.dispose(),
  };
}

export function remoteKeys(): KeyStore {
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

/** Runs `wrangler kv key …`. @returns what it printed */
async function kv(...parameters: string[]): Promise<string> {
  const options = ["--config", CONFIG, "--binding", "KEYS", "--remote"];
  return (await promisify(execFile)(WRANGLER, ["kv", "key", ...parameters, ...options])).stdout;
}
