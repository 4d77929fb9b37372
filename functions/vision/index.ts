/**
 * The vision Worker: pixels → image embeddings. It belongs to one model revision and holds that revision's image
 * tower; nothing is loaded until the first request.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Embeddings, RpcResult, VisionRpc } from "../runtime/rpc.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import { type ImageTower, imageTower } from "./image-tower.ts";

export interface VisionEnv {
  MODELS: R2Bucket;
  /** `<alias>@<revision>`. */
  MODEL: string;
}

export default class Vision extends WorkerEntrypoint<VisionEnv> implements VisionRpc {
  async embedPixels(pixels: Uint8Array, count: number): Promise<RpcResult<Embeddings>> {
    return await rpcResult("vision", async () => (await this.#tower()).embedPixels(pixels, count));
  }

  async embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>> {
    return await rpcResult("vision", async () => (await this.#tower()).embedTensor(values, height, width));
  }

  async #tower(): Promise<ImageTower> {
    return await imageTower(this.env, (work) => this.ctx.waitUntil(work));
  }
}
