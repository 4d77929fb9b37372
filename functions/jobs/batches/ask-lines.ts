/** The call to the gateway that answers lines, as `lines-rpc.ts` says; the work is held meanwhile. */
import type { LinesAnswered, LinesRequest } from "../../batches/lines-rpc.ts";
import { callWorker } from "../../embed/call-worker.ts";
import { rpcValue } from "../../runtime/rpc-result.ts";
import type { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { ServiceError } from "../../runtime/errors.ts";

/**
 * @param requestId names the call in the gateway's log
 * @param read reads the answers as they come, and calls `alive` at each piece
 * @throws ServiceError `model_unavailable`, whose cause says more; `isFailure` tells whether a line may be the reason
 */
export async function askLines<T>(
  { LINES }: Pick<JobsBindings, "LINES">,
  held: Pick<HeldWork, "renew">,
  request: LinesRequest,
  lines: ReadableStream<Uint8Array>,
  requestId: string,
  read: (answers: ReadableStream<Uint8Array>, alive: () => void) => Promise<T>,
): Promise<[answered: LinesAnswered, read: T]> {
  const { readable, writable } = new IdentityTransformStream();
  return await callWorker("gateway", async (alive) => {
    const wanted = async (): Promise<boolean> => {
      alive();
      return await held.renew();
    };
    const answering = LINES.answerLines(request, lines, writable, wanted, requestId);
    const [result, answers] = await Promise.all([answering, read(readable, alive)]);
    return [rpcValue(result), answers];
  });
}

/** True of an error of `askLines` if the gateway broke down or was silent: some line may be the reason. */
export function isFailure(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false;
  const { code } = error.cause instanceof ServiceError ? error.cause : error;
  return code === "model_unavailable";
}
