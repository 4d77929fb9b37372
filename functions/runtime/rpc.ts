/**
 * The calls between the Workers. A request may invoke at most 32 Workers, so it calls each method of a tower once, with
 * everything that it needs; only very many long texts take more calls (`embed/compute-prompts.ts`).
 *
 * Failures are returned as values. An exception that crosses RPC keeps its message but loses its `code`, so the client
 * would get a 500 for a bad picture or a missing shard.
 *
 * Each call that a request makes has its `requestId`; every Worker that takes part logs it. Only `priority` follows it.
 */
import type { ErrorCode } from "./errors.ts";
import type { Isolate } from "./isolate.ts";
import type { Loaded } from "./model-store/source-report.ts";
import type { Dot } from "./tower/engine.ts";
import type { Wanted } from "./sharing/wanted.ts";

/**
 * `background`: nobody waits for the answer, so everything else goes first at a tower. It follows `requestId`, since a
 * tower of an earlier release does not know it.
 */
export type Priority = "interactive" | "background";

/** A failure in the other Worker, with a code of the API. */
export interface RpcFailure {
  code: ErrorCode;
  message: string;
  /** True if the work was given up because the client has left, see `wanted.ts`. */
  clientGone?: true;
}

export type RpcResult<T> = { ok: true; value: T } | { ok: false; error: RpcFailure };

/** Figures of a Worker that runs WASM, for the operator's report, tests and benchmarks. */
export interface WorkerStats {
  /** Size of the WASM memory, bytes; 0 before the first load. */
  wasmBytes: number;
  /** Pictures or texts processed since the isolate started. */
  runs: number;
  /** Kind of the host's dot product, for a tower on the project's own kernels. */
  dot?: Dot;
  /** Times of loading the tower, once it is loaded. */
  loaded?: Loaded;
  isolate?: Isolate;
  /** Number of stages of an image tower, by its configuration. */
  stages?: number;
  /** Figures of an image tower's next stage, which have those of the one after it, and so on. */
  next?: WorkerStats;
  /** Why the next stage did not answer. */
  nextError?: string;
}

/** A decoded picture: uint8 RGB, `size × size × 3`, row-major, preprocessed as the model was trained. */
export type DecodedImage = RpcResult<{ pixels: Uint8Array<ArrayBuffer> }>;

export interface DecoderRpc {
  /**
   * Decodes pictures of any supported format to the model's input size.
   * @param files as `file-frames.ts` writes them (a byte stream: 16 files may exceed the 32 MiB RPC message)
   * @param size side of the square output, pixels
   * @param results gets one result for each file, in order, as `decoded-frames.ts` writes them; a bad file does not
   * affect the others. Each must be read at once, because the decoder has room for few of them
   */
  decode(
    files: ReadableStream<Uint8Array>,
    size: number,
    results: WritableStream<Uint8Array>,
    requestId: string,
    priority?: Priority,
  ): Promise<void>;
  stats(): Promise<WorkerStats>;
}

/** Unit-length embeddings, float32, `count × embedding width`, row-major. */
export interface Embeddings {
  revision: string;
  embeddings: Float32Array;
  /** Times of loading the tower, if the call had to wait for it. */
  loaded?: Loaded;
}

export interface VisionRpc {
  /**
   * Embeds pictures.
   * @param pixels uint8 RGB, `count × size × size × 3`
   * @param wanted asked before each picture, and every few seconds while the request waits
   */
  embedPixels(
    pixels: ReadableStream<Uint8Array>,
    count: number,
    wanted: Wanted,
    requestId: string,
    priority?: Priority,
  ): Promise<RpcResult<Embeddings>>;
  /**
   * Embeds one already normalized picture; used to compare the deployed tower with reference outputs.
   * @param values float32 NCHW, `1 × 3 × height × width`, of a size that the tower accepts
   * @returns the tower's embedding, not normalized
   */
  embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>>;
  /** Starts to load the tower for a request that will follow, unless it is loaded; returns at once. */
  wake(requestId: string): Promise<void>;
  /** @param patience milliseconds within which all stages should answer */
  stats(patience?: number): Promise<WorkerStats>;
}

/** A later stage of the image tower. Its input is the output of the previous stage. */
export interface VisionStageRpc {
  /**
   * @param activations tensors as `tensor-stream.ts` writes them, `count` of them
   * @param wanted as for the first stage, which passes it on
   * @returns the tower's embeddings, not normalized
   */
  embedActivations(
    activations: ReadableStream<Uint8Array>,
    count: number,
    wanted: Wanted,
    requestId: string,
    priority?: Priority,
  ): Promise<RpcResult<Embeddings>>;
  /** As for the first stage, which passes the call on. */
  wake(requestId: string): Promise<void>;
  /** As for the first stage. */
  stats(patience?: number): Promise<WorkerStats>;
}

export interface TextRpc {
  /**
   * Embeds token sequences.
   * @param ids all sequences' token ids, one after the other, start and end tokens included, no padding
   * @param lengths positions of each sequence, each between 2 and the context length
   * @param wanted asked every few texts, and every few seconds while the request waits
   */
  embedTokens(
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    requestId: string,
    priority?: Priority,
  ): Promise<RpcResult<Embeddings>>;
  stats(): Promise<WorkerStats>;
}

/** The gateway's towers of every model, for Workers that compute in the background. */
export interface TowersRpc {
  /**
   * As `embedTokens` of the text tower.
   * @param model `<alias>@<revision>`; refused with `model_not_found` if the deployed gateway does not serve it
   */
  embedTokens(
    model: string,
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<Embeddings>>;
}
