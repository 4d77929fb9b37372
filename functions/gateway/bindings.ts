/** The gateway's bindings and variables (`wrangler.toml`). */
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import type { BatchMessage } from "../batches/batch-message.ts";
import type { BatchBindings } from "../batches/batches.ts";
import type { AccountNamespace } from "../files/account-files-rpc.ts";
import type { BuildBindings } from "../label-sets/builds/account-builds.ts";
import type { SetNamesNamespace } from "../label-sets/set-names-rpc.ts";
import type { BuildMessage } from "../label-sets/builds/build-message.ts";
import type { StoredFileMessage, StoreMessage } from "../vector-stores/store-message.ts";
import type { StoreBindings } from "../vector-stores/vector-stores.ts";
import type { DecoderRpc, TextRpc, VisionRpc } from "../runtime/rpc.ts";
import type { SearchRpc } from "../vector-stores/search-rpc.ts";

export interface Bindings {
  DECODER: DecoderRpc;
  /** The towers of each model, in the order of the list in `SERVED_MODELS`. */
  VISION?: VisionRpc;
  TEXT?: TextRpc;
  [vision: `VISION_${number}`]: VisionRpc | undefined;
  [text: `TEXT_${number}`]: TextRpc | undefined;
  /** Cached text embeddings; also image embeddings if the deployment caches them. */
  CACHE: KVNamespace;
  MODELS: R2Bucket;
  /** Models' files through the data center's cache; see `functions/shards`. */
  SHARDS?: ShardsFetcher;
  /** Searches vector stores. */
  SEARCH: SearchRpc;
  /** Label sets. */
  SETS: R2Bucket;
  /** The bytes of files. */
  FILES: R2Bucket;
  /** What an account has, by its name. */
  ACCOUNTS: AccountNamespace &
    SetNamesNamespace &
    BuildBindings["ACCOUNTS"] &
    BatchBindings["ACCOUNTS"] &
    StoreBindings["ACCOUNTS"];
  /** How far a batch is, by account and id. */
  BATCHES: BatchBindings["BATCHES"];
  /** Segments of vector stores, and marks that say which stores there are. */
  VECTORS: R2Bucket;
  /** What a vector store has, by account and id. */
  VECTOR_STORES: StoreBindings["VECTOR_STORES"];
  /** Queue of label sets and work on vector stores, and that of batches: all are done in the background. */
  BUILDS: Queue<BuildMessage | StoreMessage | StoredFileMessage>;
  BATCH_QUEUE: Queue<BatchMessage>;
  /** The models, `<alias>@<revision>` separated by commas, the default first; see `models/served-models.ts`. */
  SERVED_MODELS?: string;
  /** `keys` (the default), `public` or `open`; see `middleware/authorize.ts`. */
  ACCESS?: string;
  /** API keys, by hash. */
  KEYS?: KVNamespace;
  /** A secret that is hashed together with each key. */
  KEY_PEPPER?: string;
  LIMIT_PUBLIC?: RateLimit;
  LIMIT_FREE?: RateLimit;
  LIMIT_STANDARD?: RateLimit;
  LIMIT_HIGH?: RateLimit;
  /** What these limits are, for messages: `LIMIT_FREE=20/10` is 20 requests in 10 seconds; separated by commas. */
  RATE_LIMITS?: string;
  /** Origins of web pages that may use the API, separated by commas, or `*`. */
  ALLOWED_ORIGINS?: string;
  /** Usage records, by account. */
  USAGE?: AnalyticsEngineDataset;
  /** How long image embeddings are cached, seconds. Unset: they are not cached. */
  IMAGE_CACHE_TTL?: number | string;
  /** Hosts that are not public but from which pictures may be fetched; see `images/fetch/url-policy.ts`. */
  IMAGE_URL_ALLOWLIST?: string;
}
