/** Answers lines of a batch: all at once, so that they share the calls to decoder and towers. */
import { MAX_LINE_BYTES } from "../../batches/batch-limits.ts";
import type { LinesAnswered, LinesRequest } from "../../batches/lines-rpc.ts";
import { isBlank, readLines } from "../../batches/read-lines.ts";
import { assertWanted, type Wanted } from "../../runtime/sharing/wanted.ts";
import type { Bindings } from "../bindings.ts";
import { CallCoalescer } from "../coalesced-calls/call-coalescer.ts";
import { coalescedBindings } from "../coalesced-calls/coalesced-bindings.ts";
import { FetchSlots } from "../images/fetch/fetch-slots.ts";
import type { Caller } from "../keys/caller.ts";
import type { BatchLine } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { AnswerStream } from "./answer-stream.ts";
import { lineApp } from "./line-app.ts";
import { usageOfLines } from "./usage-of-lines.ts";

/** Milliseconds after which no further lines are begun: the call is to end while its caller may still wait. */
const MAX_MS = 60_000;
/** Milliseconds between two questions whether the answers are still wanted. */
const ASK_MS = 3_000;
/** Refusals that say that there was too much to do. */
const OVERLOADED = new Set(["overloaded", "rate_limit_exceeded"]);
/** From this status on, the service failed, and another try may change the answer. */
const BROKEN = 500;

/** `overloaded`, `broken`: the line has no answer. */
type Outcome = "completed" | "failed" | "overloaded" | "broken";

interface Answered {
  index: number;
  outcome: Outcome;
  line: BatchLine;
}

/** @param requestId names the part in the logs */
export async function answerLines(
  request: LinesRequest,
  lines: ReadableStream<Uint8Array>,
  answers: WritableStream<Uint8Array>,
  {
    env,
    ctx,
    wanted,
    requestId,
  }: { env: Bindings; ctx: ExecutionContext; wanted: Wanted; requestId: string },
): Promise<LinesAnswered> {
  const stop = new AbortController();
  const watch = setInterval(() => {
    assertWanted(wanted).catch((error: unknown) => stop.abort(error));
  }, ASK_MS);
  const stream = new AnswerStream(answers);
  try {
    const part = new PartOfBatch(request, stream, { env, ctx, signal: stop.signal, requestId });
    const answered = await part.answer(lines);
    await stream.close();
    return answered;
  } catch (error) {
    await stream.abort(error);
    throw error;
  } finally {
    clearInterval(watch);
  }
}

interface PartContext {
  env: Bindings;
  ctx: ExecutionContext;
  /** Aborted once the answers are not wanted any more. */
  signal: AbortSignal;
  requestId: string;
}

class PartOfBatch {
  readonly #request: LinesRequest;
  readonly #stream: AnswerStream;
  readonly #context: PartContext;
  readonly #coalescer = new CallCoalescer();
  readonly #fetchSlots = new FetchSlots();
  /** The bindings that the lines get. */
  readonly #env: Bindings;
  readonly #lines = new Map<string, BatchLine>();
  readonly #app: ReturnType<typeof lineApp>;

  constructor(request: LinesRequest, stream: AnswerStream, context: PartContext) {
    this.#request = request;
    this.#stream = stream;
    this.#context = context;
    this.#env = coalescedBindings(context.env, this.#coalescer, context.requestId);
    const { account, keyId, tier } = request;
    this.#app = lineApp({ account, keyId, tier: tier as Caller["tier"], operator: false }, this.#lines);
  }

  async answer(lines: ReadableStream<Uint8Array>): Promise<LinesAnswered> {
    const { count, left: asked } = this.#request;
    const open = new Set(asked ?? Array.from({ length: count }, (_, index) => index));
    const began = Date.now();
    const answering: Promise<Answered>[] = [];
    let index = -1;
    for await (const { bytes } of readLines(lines, MAX_LINE_BYTES)) {
      if (this.#context.signal.aborted || Date.now() - began > MAX_MS) break;
      if (bytes === undefined || isBlank(bytes) || !open.has(++index)) continue;
      const id = randomId("req");
      await this.#coalescer.start(id);
      const at = index;
      answering.push(this.#answerLine(at, id, bytes));
      // It is awaited below, when all have been begun.
      answering.at(-1)?.catch(() => {});
    }
    this.#coalescer.allStarted();
    const outcomes = await Promise.all(answering);
    const ends = { completed: 0, failed: 0, overloaded: 0, broken: 0 };
    for (const { outcome } of outcomes) ends[outcome]++;
    const { completed, failed, overloaded, broken } = ends;
    const answered = outcomes.filter(({ outcome }) => outcome === "completed" || outcome === "failed");
    for (const each of answered) open.delete(each.index);
    return {
      completed,
      failed,
      left: [...open],
      isOverloaded: overloaded > 0,
      isBroken: broken > 0,
      usage: usageOfLines(answered.map(({ line }) => line)),
    };
  }

  async #answerLine(index: number, id: string, bytes: Uint8Array<ArrayBuffer>): Promise<Answered> {
    const { signal, ctx } = this.#context;
    const coalescer = this.#coalescer;
    const line: BatchLine = {
      pictures: { begin: () => coalescer.beginPictures(id), end: () => coalescer.endPictures(id) },
      fetchSlots: this.#fetchSlots,
    };
    this.#lines.set(id, line);
    try {
      const request = new Request(`https://batch.invalid${this.#request.endpoint}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": String(bytes.length),
          "x-request-id": id,
        },
        body: bytes,
        signal,
      });
      const response = await this.#app.fetch(request, this.#env, ctx);
      const outcome = outcomeOf(response, line);
      const isAnswer = outcome === "completed" || outcome === "failed";
      if (!isAnswer || line.customId === undefined) await response.body?.cancel();
      else
        await this.#stream.write(outcome === "completed" ? "output" : "error", line.customId, id, response);
      return { index, outcome, line };
    } finally {
      coalescer.finish(id);
    }
  }
}

function outcomeOf({ status, ok }: Response, { customId, errorCode = "" }: BatchLine): Outcome {
  if (OVERLOADED.has(errorCode)) return "overloaded";
  // Without an id, the line could not be read.
  if (status >= BROKEN || customId === undefined) return "broken";
  return ok ? "completed" : "failed";
}
