/**
 * The vision Worker: pixels → image embeddings. It belongs to one model revision and holds that revision's image tower
 * or, where one isolate cannot hold it, a stage of it; the next stage is another Worker with the same code. Nothing is
 * loaded until the first request.
 *
 * The engine is the entry file's choice: `index.ts` or `simd.ts`.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Embeddings, RpcResult, WorkerStats, VisionRpc, VisionStageRpc } from "../runtime/rpc.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { imageStage, type ImageStage } from "./image-stage.ts";
import { readPixels } from "./pixels-to-tensor.ts";
import type { Wanted } from "../runtime/wanted.ts";
import { readTensors } from "./tensor-stream.ts";

export interface VisionEnv {
  MODELS: R2Bucket;
  /** `<alias>@<revision>`. */
  MODEL: string;
  /** `<stage>/<stages>`; the whole tower if not set. */
  STAGE?: string;
  /** The Worker of the next stage; not for the last one. */
  NEXT?: VisionStageRpc;
}

export const visionWorker = (createEngine: CreateEngine) =>
  class Vision extends WorkerEntrypoint<VisionEnv> implements VisionRpc, VisionStageRpc {
    async embedPixels(
      pixels: ReadableStream<Uint8Array>,
      count: number,
      wanted: Wanted,
    ): Promise<RpcResult<Embeddings>> {
      return await rpcResult("vision", async () => {
        const stage = await this.#stage();
        const { size, mean, std } = stage.manifest.image;
        const pictures = readPixels(pixels, count, size, { mean, std });
        return stage.normalized(await stage.embed(pictures, count, wanted));
      });
    }

    async embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>> {
      return await rpcResult("vision", async () => {
        const tensor = { data: values, shape: [1, 3, height, width] };
        return await (await this.#stage()).embed([tensor], 1);
      });
    }

    async embedActivations(
      activations: ReadableStream<Uint8Array>,
      count: number,
    ): Promise<RpcResult<Embeddings>> {
      return await rpcResult("vision", async () =>
        (await this.#stage()).embed(readTensors(activations, count), count),
      );
    }

    async stats(): Promise<WorkerStats> {
      return (await this.#stage()).stats;
    }

    async #stage(): Promise<ImageStage> {
      return await imageStage(createEngine, this.env, (work) => this.ctx.waitUntil(work));
    }
  };
