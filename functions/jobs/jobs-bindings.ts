/** The jobs Worker's bindings (`wrangler.toml`). */
import type { BatchMessage } from "../batches/batch-message.ts";
import type { BatchBindings } from "../batches/batches.ts";
import type { LinesRpc } from "../batches/lines-rpc.ts";
import type { FileBindings } from "../files/account-files.ts";
import type { BuildBindings } from "../label-sets/builds/account-builds.ts";
import type { BuildMessage } from "../label-sets/builds/build-message.ts";
import type { SetNamesBindings } from "../label-sets/set-names.ts";
import type { StoredFileMessage, StoreMessage } from "../vector-stores/store-message.ts";
import type { StoreBindings } from "../vector-stores/vector-stores.ts";
import type { TowersRpc } from "../runtime/rpc.ts";

export interface JobsBindings
  extends
    Omit<FileBindings, "ACCOUNTS">,
    Omit<BatchBindings, "ACCOUNTS">,
    Omit<StoreBindings, "ACCOUNTS" | "BUILDS"> {
  ACCOUNTS: FileBindings["ACCOUNTS"] &
    SetNamesBindings["ACCOUNTS"] &
    BuildBindings["ACCOUNTS"] &
    BatchBindings["ACCOUNTS"] &
    StoreBindings["ACCOUNTS"];
  TOWERS: TowersRpc;
  LINES: LinesRpc;
  BUILDS: Queue<BuildMessage | StoreMessage | StoredFileMessage>;
  BATCH_QUEUE: Queue<BatchMessage>;
  /** Usage records, by account. */
  USAGE?: AnalyticsEngineDataset;
  /** Manifests. They are read without the cache, because no client waits for a background job. */
  MODELS: R2Bucket;
  /** Label sets. */
  SETS: R2Bucket;
}
