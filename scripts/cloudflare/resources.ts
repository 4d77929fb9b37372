/** Finds or creates the buckets, KV namespaces and queues of a deployment. */
import type { CloudflareApi } from "./api.ts";
import { BUCKETS, NAMESPACES, QUEUES } from "./resource-names.ts";

/**
 * @param log called for each resource that was created
 * @returns ids of the KV namespaces by their titles
 */
export async function ensureResources(
  api: CloudflareApi,
  log: (line: string) => void,
): Promise<ReadonlyMap<string, string>> {
  const buckets = new Set(await api.buckets());
  for (const name of Object.values(BUCKETS).filter((each) => !buckets.has(each))) {
    await api.createBucket(name);
    log(`created the R2 bucket ${name}`);
  }
  const queues = await api.queues();
  for (const name of QUEUES.filter((each) => !queues.has(each))) {
    await api.createQueue(name);
    log(`created the queue ${name}`);
  }
  const namespaces = await api.namespaces();
  for (const title of Object.values(NAMESPACES).filter((each) => !namespaces.has(each))) {
    namespaces.set(title, await api.createNamespace(title));
    log(`created the KV namespace ${title}`);
  }
  return namespaces;
}
