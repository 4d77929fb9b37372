/**
 * The KV cache as the lines of a part see it. An invocation may ask KV 1,000 times, and the lines of a part are one.
 * What is not read is computed, and what is not written is computed again some time: as if KV had failed, which every
 * user of the cache expects.
 */
import { KvWrites } from "../embed/kv-writes.ts";

/** Operations of a part, and how many of them may be writes. */
const MAX_OPERATIONS = 950;
const MAX_WRITES = 500;

export function partCache(kv: KVNamespace): KVNamespace {
  let operations = 0;
  let written = 0;
  const writes = new KvWrites();
  const get = async (keys: string | string[], type: "text"): Promise<unknown> => {
    const isLeft = operations++ < MAX_OPERATIONS;
    if (Array.isArray(keys)) return isLeft ? await kv.get(keys, type) : new Map();
    return isLeft ? await kv.get(keys, type) : null;
  };
  const put = async (...parameters: Parameters<KVNamespace["put"]>): Promise<void> => {
    if (written++ >= MAX_WRITES || operations++ >= MAX_OPERATIONS) return;
    await writes.add(() => kv.put(...parameters));
  };
  // No line deletes or lists anything.
  return { get, put } as unknown as KVNamespace;
}
