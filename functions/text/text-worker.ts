/**
 * The text Worker: token ids → text embeddings. It belongs to one model revision and holds that revision's text tower;
 * nothing is loaded until the first request.
 *
 * The entry file chooses the engine: `index.ts` or `ort.ts`.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Embeddings, Priority, RpcResult, TextRpc, WorkerStats } from "../runtime/rpc.ts";
import { loadedFields, logCall } from "../runtime/log-call.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { type TextEnv, type TextRooms, textTower } from "./resident-text-tower.ts";

export const textWorker = (createEngine: CreateEngine, rooms: TextRooms) =>
  class Text extends WorkerEntrypoint<TextEnv> implements TextRpc {
    async embedTokens(
      ids: Int32Array,
      lengths: number[],
      wanted: Wanted,
      requestId: string,
      priority?: Priority,
    ): Promise<RpcResult<Embeddings>> {
      const waitUntil = (work: Promise<unknown>): void => this.ctx.waitUntil(work);
      return await rpcResult("text", requestId, async () => {
        const tower = await textTower(createEngine, rooms, this.env, waitUntil);
        const embeddings = await tower.embedTokens(ids, lengths, wanted, waitUntil, priority);
        const { loaded } = embeddings;
        logCall("text", requestId, { texts: lengths.length, ...(loaded && loadedFields(loaded)) });
        return embeddings;
      });
    }

    async stats(): Promise<WorkerStats> {
      return (await textTower(createEngine, rooms, this.env, (work) => this.ctx.waitUntil(work))).stats;
    }
  };
