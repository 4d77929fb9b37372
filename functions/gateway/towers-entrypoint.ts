/**
 * The towers, for Workers that compute in the background: an entrypoint that service bindings reach, and HTTP does not.
 *
 * Such a Worker could be bound to the towers themselves. But a binding leads to the version of its target that is
 * deployed, so by this way whatever the gateway serves now is served in the background as well: a release moves both at
 * once, and so does going back, while the Worker with the queue is deployed once for all models. What is passed on is a
 * part's token ids and vectors, two megabytes at most; the tower's bound on requests and its questions whether anybody
 * still waits go through unchanged.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Embeddings, RpcResult, TowersRpc } from "../runtime/rpc.ts";
import { rpcResult, rpcValue } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/wanted.ts";
import type { Bindings } from "./bindings.ts";
import { servedModel } from "./models/served-models.ts";

export class Towers extends WorkerEntrypoint<Bindings> implements TowersRpc {
  async embedTokens(
    model: string,
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<Embeddings>> {
    return await rpcResult("gateway", requestId, async () => {
      const { text } = servedModel(this.env, model);
      return rpcValue(await text.embedTokens(ids, lengths, async () => await wanted(), requestId));
    });
  }
}
