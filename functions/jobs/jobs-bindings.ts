/** The jobs Worker's bindings (`wrangler.toml`). */
import type { BuildMessage } from "../label-sets/build-message.ts";
import type { TowersRpc } from "../runtime/rpc.ts";

export interface JobsBindings {
  TOWERS: TowersRpc;
  BUILDS: Queue<BuildMessage>;
  /** Manifests; without a way through the cache, since nobody waits for what is computed here. */
  MODELS: R2Bucket;
  /** Label sets. */
  SETS: R2Bucket;
}
