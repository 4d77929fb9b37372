/**
 * The towers, for Workers that compute in the background. Service bindings reach this entrypoint; HTTP does not.
 *
 * A background Worker could be bound to the towers directly. But a binding leads to the deployed version of its target.
 * Through this entrypoint the background always uses the models that the gateway serves: a release or a rollback
 * changes both at once, while the Worker with the queue is deployed once for all models. What passes through is a
 * part's token ids and vectors, at most two megabytes. The tower's limit on requests, and its check whether the result
 * is still wanted, pass through unchanged.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Embeddings, RpcResult, TowersRpc } from "../runtime/rpc.ts";
import { rpcResult, rpcValue } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";
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
      return rpcValue(
        await text.embedTokens(ids, lengths, async () => await wanted(), requestId, "background"),
      );
    });
  }
}
