/** The jobs Worker's bindings (`wrangler.toml`). */
import type { FileBindings } from "../files/account-files.ts";
import type { BuildMessage } from "../label-sets/build-message.ts";
import type { SetNamesBindings } from "../label-sets/set-names.ts";
import type { TowersRpc } from "../runtime/rpc.ts";

export interface JobsBindings extends Omit<FileBindings, "ACCOUNTS"> {
  ACCOUNTS: FileBindings["ACCOUNTS"] & SetNamesBindings["ACCOUNTS"];
  TOWERS: TowersRpc;
  BUILDS: Queue<BuildMessage>;
  /** Manifests. They are read without the cache, because no client waits for a background job. */
  MODELS: R2Bucket;
  /** Label sets. */
  SETS: R2Bucket;
}
