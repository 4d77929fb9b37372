/**
 * The vision Worker: pixels → image embeddings. It belongs to one model revision and holds that revision's image tower
 * or, if one isolate cannot hold it, a stage of it. The next stage is another Worker with the same code. Nothing is
 * loaded until the first request.
 *
 * The entry file chooses the engine: `index.ts` or `ort.ts`.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  Embeddings,
  Priority,
  RpcResult,
  WorkerStats,
  VisionRpc,
  VisionStageRpc,
} from "../runtime/rpc.ts";
import { DEADLINES } from "../runtime/deadline.ts";
import { loadedFields, logCall } from "../runtime/log-call.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import type { Tensor } from "../runtime/tensor.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { imageStage, type ImageStage, type VisionEnv } from "./image-stage.ts";
import { readPixels } from "./pixels-to-tensor.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";
import { readTensors } from "./tensor-stream.ts";

/** Replaces the request's id if a tower is compared with its reference. */
const COMPARISON = "comparison";

export const visionWorker = (createEngine: CreateEngine) =>
  class Vision extends WorkerEntrypoint<VisionEnv> implements VisionRpc, VisionStageRpc {
    async embedPixels(
      pixels: ReadableStream<Uint8Array>,
      count: number,
      wanted: Wanted,
      requestId: string,
      priority?: Priority,
    ): Promise<RpcResult<Embeddings>> {
      return await rpcResult("vision", requestId, async () => {
        const stage = await this.#stage();
        const { size, mean, std } = stage.manifest.image;
        const pictures = readPixels(pixels, count, size, { mean, std });
        const embeddings = stage.normalized(await stage.embed(pictures, count, wanted, requestId, priority));
        const { dot } = stage.stats;
        const { loaded } = embeddings;
        logCall("vision", requestId, {
          pictures: count,
          ...(dot && { dot }),
          ...(loaded && loadedFields(loaded)),
        });
        return embeddings;
      });
    }

    async embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>> {
      const make = (): Tensor => ({ data: values, shape: [1, 3, height, width] });
      const input = { bytes: values.byteLength, read: async () => make };
      return await rpcResult("vision", COMPARISON, async () => {
        return await (await this.#stage()).embed([input], 1, () => true, COMPARISON);
      });
    }

    async embedActivations(
      activations: ReadableStream<Uint8Array>,
      count: number,
      wanted: Wanted,
      requestId: string,
      priority?: Priority,
    ): Promise<RpcResult<Embeddings>> {
      return await rpcResult("vision", requestId, async () => {
        const stage = await this.#stage();
        const embeddings = await stage.embed(
          readTensors(activations, count),
          count,
          wanted,
          requestId,
          priority,
        );
        const { loaded } = embeddings;
        logCall("vision", requestId, { activations: count, ...(loaded && loadedFields(loaded)) });
        return embeddings;
      });
    }

    async wake(requestId: string): Promise<void> {
      // Errors are ignored here, because the request that follows gets the same error.
      this.ctx.waitUntil(
        this.#stage()
          .then((stage) => stage.wake(requestId))
          .catch(() => {}),
      );
    }

    async stats(patience: number = DEADLINES.r2Body): Promise<WorkerStats> {
      const begun = Date.now();
      const stage = await this.#stage();
      return await stage.allStats(patience - (Date.now() - begun));
    }

    async #stage(): Promise<ImageStage> {
      return await imageStage(createEngine, this.env, (work) => this.ctx.waitUntil(work));
    }
  };
