/**
 * The endpoints, for the lines of batches. The jobs Worker's binding reaches this entrypoint; HTTP does not. A part of
 * a batch is one call, because a request may invoke 32 Workers: its lines share one call of the decoder and of each
 * tower.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { LinesAnswered, LinesRequest, LinesRpc } from "../batches/lines-rpc.ts";
import type { RpcResult } from "../runtime/rpc.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";
import type { Bindings } from "./bindings.ts";
import { answerLines } from "./lines/answer-lines.ts";

export class Lines extends WorkerEntrypoint<Bindings> implements LinesRpc {
  async answerLines(
    request: LinesRequest,
    lines: ReadableStream<Uint8Array>,
    answers: WritableStream<Uint8Array>,
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<LinesAnswered>> {
    const { env, ctx } = this;
    return await rpcResult("gateway", requestId, () =>
      answerLines(request, lines, answers, { env, ctx, wanted: async () => await wanted(), requestId }),
    );
  }
}
