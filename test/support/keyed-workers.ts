/** A public deployment with two accounts: who has a key has files and vector stores, others have none. */
import type { KVNamespace } from "@cloudflare/workers-types";
import OpenAI from "openai";
import { addKey } from "./add-key.ts";
import { withRateLimits } from "./rate-limits.ts";
import { startWorkers, type Workers } from "./workers.ts";

export interface KeyedWorkers {
  workers: Workers;
  keys: { a: string; b: string };
  /** The unmodified SDK. */
  sdk: (apiKey: string) => OpenAI;
}

export async function startKeyedWorkers(): Promise<KeyedWorkers> {
  const workers = await startWorkers({
    access: "public",
    change: (name, options) =>
      name === "edgeclip"
        ? withRateLimits(options, { PUBLIC: 10_000, FREE: 10_000, STANDARD: 10_000, HIGH: 10_000 })
        : options,
  });
  const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  return {
    workers,
    keys: { a: (await addKey(store, "a")).key, b: (await addKey(store, "b")).key },
    sdk: (apiKey) => new OpenAI({ baseURL: `${workers.url}/v1`, apiKey, maxRetries: 0 }),
  };
}
