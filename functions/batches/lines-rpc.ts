/**
 * The call of the jobs Worker to the gateway: answer these lines of a batch. The lines come as they stand in the input
 * file. Each answer goes to `answers` as soon as it is known, in any order, as a line of the output or the error file
 * after one byte that says of which (`OUTPUT`, `ERROR`).
 */
import type { RpcResult } from "../runtime/rpc.ts";
import type { Wanted } from "../runtime/wanted.ts";
import type { BatchEndpoint } from "./batch-object.ts";
import type { BatchOwner } from "./batch-state-rpc.ts";

export const OUTPUT = 0x6f;
export const ERROR = 0x65;

export interface LinesRequest extends BatchOwner {
  endpoint: BatchEndpoint;
  /** How many lines come. */
  count: number;
  /** Indexes of the lines to answer; null: all. */
  left: number[] | null;
  /** True to take a failure of the service for an answer, because trying again did not help. */
  takesFailures: boolean;
}

export interface LinesAnswered {
  completed: number;
  failed: number;
  /** Indexes of the lines that have no answer, and may be tried again. */
  left: number[];
  /** True if a line has none because something was overloaded; otherwise there was no time for them. */
  isOverloaded: boolean;
}

export interface LinesRpc {
  /** @param wanted asked every few seconds */
  answerLines(
    request: LinesRequest,
    lines: ReadableStream<Uint8Array>,
    answers: WritableStream<Uint8Array>,
    wanted: Wanted,
    requestId: string,
  ): Promise<RpcResult<LinesAnswered>>;
}
