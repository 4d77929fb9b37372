/** What the gateway is bound to (`wrangler.toml`), and what a request carries through it. */
import type { DecoderRpc, TextRpc, VisionRpc } from "../runtime/rpc.ts";
import type { Timings } from "./http/timings.ts";

export interface Bindings {
  DECODER: DecoderRpc;
  VISION: VisionRpc;
  TEXT: TextRpc;
  /** Text embeddings. */
  CACHE: KVNamespace;
  MODELS: R2Bucket;
  /** `<alias>@<revision>`. */
  MODEL: string;
}

export interface GatewayEnv {
  Bindings: Bindings;
  Variables: { requestId: string; timings: Timings };
}
