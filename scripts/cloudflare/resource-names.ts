/** The buckets, namespaces and queues of a deployment, by the names in the committed configurations. */
import { committedConfig, GATEWAY_CONFIG } from "../worker-configs.ts";

const { name: gatewayName, r2_buckets = [], kv_namespaces = [], queues } = committedConfig(GATEWAY_CONFIG);

function nameOf(names: readonly { binding: string; name: string }[], binding: string): string {
  const name = names.find((each) => each.binding === binding)?.name;
  if (name === undefined) throw new Error(`wrangler.toml has no resource for the binding ${binding}`);
  return name;
}

const buckets = r2_buckets.map(({ binding, bucket_name: name }) => ({ binding, name }));
const namespaces = kv_namespaces.map(({ binding, id: name }) => ({ binding, name }));

export const GATEWAY_NAME = gatewayName;
export const BUCKETS = {
  models: nameOf(buckets, "MODELS"),
  sets: nameOf(buckets, "SETS"),
  files: nameOf(buckets, "FILES"),
  vectors: nameOf(buckets, "VECTORS"),
};
/** Titles of the namespaces; on this machine they are also the ids. */
export const NAMESPACES = { cache: nameOf(namespaces, "CACHE"), keys: nameOf(namespaces, "KEYS") };
export const QUEUES = (queues?.producers ?? []).map(({ queue }) => queue);
