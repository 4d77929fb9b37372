/**
 * The call of the jobs Worker to the gateway: answer these lines of a batch. The lines come as they stand in the input
 * file. Each answer goes to `answers` as soon as it is known, in any order, as a line of the output or the error file
 * after one byte that says of which (`OUTPUT`, `ERROR`).
 */
import type { RpcResult } from "../runtime/rpc.ts";
import type { Wanted } from "../runtime/sharing/wanted.ts";
import type { BatchEndpoint } from "./batch-object.ts";
import type { BatchOwner } from "./batch-state-rpc.ts";

export const OUTPUT = 0x6f;
export const ERROR = 0x65;

/** The id of a line in the output or the error file. */
export function newLineId(): string {
  return `batch_req_${crypto.randomUUID().replaceAll("-", "")}`;
}

export interface LinesRequest extends BatchOwner {
  endpoint: BatchEndpoint;
  /** How many lines come. */
  count: number;
  /** Indexes of the lines to answer; null: all. */
  left: number[] | null;
}

/** What answered lines of the same model and outcome have cost; the columns of a usage record (`docs/access.md`). */
export interface LinesUsage {
  status: string;
  errorCode: string;
  /** `<alias>@<revision>`, or nothing. */
  model: string;
  lines: number;
  images: number;
  cachedImages: number;
  tokens: number;
  cachedTokens: number;
}

export interface LinesAnswered {
  completed: number;
  failed: number;
  /** Indexes of the lines that have no answer, and may be tried again. */
  left: number[];
  /** True if a line has none because something was overloaded. */
  isOverloaded: boolean;
  /** True if a line has none because something failed, such as a tower that ended; of the others, there was no time. */
  isBroken: boolean;
  /** Usage of the lines that are answered. */
  usage: LinesUsage[];
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
