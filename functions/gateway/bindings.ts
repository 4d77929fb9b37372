/** What the gateway is bound to (`wrangler.toml`). */
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import type { BuildMessage } from "../label-sets/build-message.ts";
import type { DecoderRpc, TextRpc, VisionRpc } from "../runtime/rpc.ts";

export interface Bindings {
  DECODER: DecoderRpc;
  /** The towers of the first model in the list, of the second, … */
  VISION?: VisionRpc;
  TEXT?: TextRpc;
  [vision: `VISION_${number}`]: VisionRpc | undefined;
  [text: `TEXT_${number}`]: TextRpc | undefined;
  /** Text embeddings; image embeddings if the deployment keeps any. */
  CACHE: KVNamespace;
  MODELS: R2Bucket;
  /** Models' files behind the data center's cache, see `functions/shards`. */
  SHARDS?: ShardsFetcher;
  /** Label sets. */
  SETS: R2Bucket;
  /** Label sets that are finished in the background. */
  BUILDS: Queue<BuildMessage>;
  /** `<alias>@<revision>`, separated by commas, the default first; see `models/served-models.ts`. */
  SERVED_MODELS?: string;
  /** `keys` (unless set), `public` or `open`; see `middleware/authorize.ts`. */
  ACCESS?: string;
  /** API keys, by their hash. */
  KEYS?: KVNamespace;
  /** Secret that goes into the hash. */
  KEY_PEPPER?: string;
  LIMIT_PUBLIC?: RateLimit;
  LIMIT_FREE?: RateLimit;
  LIMIT_STANDARD?: RateLimit;
  LIMIT_HIGH?: RateLimit;
  /** Origins of web pages that may ask, separated by commas, or `*`. */
  ALLOWED_ORIGINS?: string;
  /** What requests took, by account. */
  USAGE?: AnalyticsEngineDataset;
  /** How long image embeddings are kept, seconds; not at all unless set. */
  IMAGE_CACHE_TTL?: number | string;
  /** Hosts that pictures are fetched from though they are not public, see `images/fetch/url-policy.ts`. */
  IMAGE_URL_ALLOWLIST?: string;
}
