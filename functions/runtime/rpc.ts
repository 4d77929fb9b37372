/**
 * What the Workers say to each other. Each tower method is called once per request with everything the request
 * needs, since a request may invoke at most 32 Workers.
 *
 * Failures travel as values: an exception thrown across RPC keeps its message but loses its `code`, and the
 * client would get a 500 for what is a bad picture or a missing shard.
 *
 * `requestId` is the last parameter of each call that a request makes: it is in the log of every Worker that had a part.
 */
import type { ErrorCode } from "./errors.ts";
import type { Loaded } from "./model-store/source-report.ts";
import type { Dot } from "./tower/engine.ts";
import type { Wanted } from "./wanted.ts";

/** What went wrong on the other side, in the API's own codes. */
export interface RpcFailure {
  code: ErrorCode;
  message: string;
  /** Given up because the client has left, see `wanted.ts`. */
  clientGone?: true;
}

export type RpcResult<T> = { ok: true; value: T } | { ok: false; error: RpcFailure };

/** What an instrument may ask a Worker that runs WASM. */
export interface WorkerStats {
  /** Size of the WASM memory, bytes; 0 before the first load. */
  wasmBytes: number;
  /** Pictures or texts that it worked on since the isolate started. */
  runs: number;
  /** Of a tower on the project's own kernels: what its host's dot product is good for. */
  dot?: Dot;
}

/** A decoded picture: uint8 RGB, `size × size × 3`, row-major, preprocessed as the model was trained. */
export type DecodedImage = RpcResult<{ pixels: Uint8Array<ArrayBuffer> }>;

export interface DecoderRpc {
  /**
   * Decodes pictures of any supported format to the model's input size.
   * @param files as `file-frames.ts` writes them (a byte stream: 16 files may exceed the 32 MiB RPC message)
   * @param size side of the square output, pixels
   * @returns one result per file, in order; a bad file does not spoil the others
   */
  decode(files: ReadableStream<Uint8Array>, size: number, requestId: string): Promise<DecodedImage[]>;
  stats(): Promise<WorkerStats>;
}

/** Unit-length embeddings, float32, `count × embedding width`, row-major. */
export interface Embeddings {
  revision: string;
  embeddings: Float32Array;
  /** What loading the tower took, if the call had to wait for it. */
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
  ): Promise<RpcResult<Embeddings>>;
  /**
   * Embeds one already normalized picture; used to compare the deployed tower with reference outputs.
   * @param values float32 NCHW, `1 × 3 × height × width`, of a size that the tower takes
   * @returns the embedding as the tower gives it, not normalized
   */
  embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>>;
  /** Loads the tower, if it is not, for a request that will come; returns at once. */
  wake(requestId: string): Promise<void>;
  stats(): Promise<WorkerStats>;
}

/** A later stage of the image tower: takes over where the stage before it stopped. */
export interface VisionStageRpc {
  /**
   * @param activations tensors as `tensor-stream.ts` writes them, `count` of them
   * @param wanted as for the first stage, which passes the question on
   * @returns the embeddings as the tower gives them, not normalized
   */
  embedActivations(
    activations: ReadableStream<Uint8Array>,
    count: number,
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<Embeddings>>;
  /** As the first stage's, which passes it on. */
  wake(requestId: string): Promise<void>;
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
  ): Promise<RpcResult<Embeddings>>;
  stats(): Promise<WorkerStats>;
}

/** The gateway's towers of every model, for Workers that compute in the background. */
export interface TowersRpc {
  /**
   * As the text tower's.
   * @param model `<alias>@<revision>`; a refusal with `model_not_found` if the deployed gateway does not serve it
   */
  embedTokens(
    model: string,
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<Embeddings>>;
}
