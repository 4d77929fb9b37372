/** The jobs Worker's bindings (`wrangler.toml`). */
import type { FileBindings } from "../files/account-files.ts";
import type { BuildMessage } from "../label-sets/build-message.ts";
import type { TowersRpc } from "../runtime/rpc.ts";

export interface JobsBindings extends FileBindings {
  TOWERS: TowersRpc;
  BUILDS: Queue<BuildMessage>;
  /** Manifests. They are read without the cache, because no client waits for a background job. */
  MODELS: R2Bucket;
  /** Label sets. */
  SETS: R2Bucket;
}
