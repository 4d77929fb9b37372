/** What the committed configurations name: the buckets, namespaces and queues that a deployment needs. */
import { committedConfig, GATEWAY_CONFIG } from "../worker-configs.ts";

const { name: gatewayName, r2_buckets = [], kv_namespaces = [], queues } = committedConfig(GATEWAY_CONFIG);

function nameOf(names: readonly { binding: string; name: string }[], binding: string): string {
  const name = names.find((each) => each.binding === binding)?.name;
  if (name === undefined) throw new Error(`wrangler.toml names nothing for ${binding}`);
  return name;
}

const buckets = r2_buckets.map(({ binding, bucket_name: name }) => ({ binding, name }));
const namespaces = kv_namespaces.map(({ binding, id: name }) => ({ binding, name }));

export const GATEWAY_NAME = gatewayName;
export const BUCKETS = { models: nameOf(buckets, "MODELS"), sets: nameOf(buckets, "SETS") };
/** Titles; locally they are the ids as well. */
export const NAMESPACES = { cache: nameOf(namespaces, "CACHE"), keys: nameOf(namespaces, "KEYS") };
export const QUEUES = (queues?.producers ?? []).map(({ queue }) => queue);
