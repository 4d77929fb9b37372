/** Answers lines of a batch: all at once, so that they share the calls to decoder and towers. */
import { MAX_LINE_BYTES } from "../../batches/batch-limits.ts";
import type { LinesAnswered, LinesRequest } from "../../batches/lines-rpc.ts";
import { isBlank, readLines } from "../../batches/read-lines.ts";
import { assertWanted, type Wanted } from "../../runtime/wanted.ts";
import type { Bindings } from "../bindings.ts";
import { Gathering } from "../joint-calls/gathering.ts";
import { jointBindings } from "../joint-calls/joint-bindings.ts";
import type { Caller } from "../keys/caller.ts";
import type { BatchLine } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { AnswerStream } from "./answer-stream.ts";
import { lineApp } from "./line-app.ts";
import { recordLines } from "./record-lines.ts";

/** Milliseconds after which no further lines are begun: the call is to end while its caller may still wait. */
const MAX_MS = 60_000;
/** Milliseconds between two questions whether the answers are still wanted. */
const ASK_MS = 3_000;
/** Answers that only another try can change. */
const OVERLOADED = new Set([429, 503]);
const FAILED = 500;

type Outcome = "completed" | "failed" | "overloaded";

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
  readonly #gathering = new Gathering();
  /** The bindings that the lines get. */
  readonly #env: Bindings;
  readonly #lines = new Map<string, BatchLine>();
  readonly #app: ReturnType<typeof lineApp>;

  constructor(request: LinesRequest, stream: AnswerStream, context: PartContext) {
    this.#request = request;
    this.#stream = stream;
    this.#context = context;
    this.#env = jointBindings(context.env, this.#gathering, context.requestId);
    const { account, keyId, tier } = request;
    this.#app = lineApp({ account, keyId, tier: tier as Caller["tier"], operator: false }, this.#lines);
  }

  async answer(lines: ReadableStream<Uint8Array>): Promise<LinesAnswered> {
    const { count, left: asked } = this.#request;
    const open = new Set(asked ?? Array.from({ length: count }, (_, index) => index));
    const began = Date.now();
    const answering: Promise<[index: number, Outcome]>[] = [];
    let index = -1;
    for await (const { bytes } of readLines(lines, MAX_LINE_BYTES)) {
      if (bytes === undefined || isBlank(bytes) || !open.has(++index)) continue;
      if (this.#context.signal.aborted || Date.now() - began > MAX_MS) break;
      const id = randomId("req");
      await this.#gathering.start(id);
      const at = index;
      answering.push(this.#answerLine(id, bytes).then((outcome) => [at, outcome]));
      // It is awaited below, when all have been begun.
      answering.at(-1)?.catch(() => {});
    }
    this.#gathering.allStarted();
    const outcomes = await Promise.all(answering);
    recordLines(this.#context.env, this.#request, [...this.#lines.values()], began);
    const ends = { completed: 0, failed: 0, overloaded: 0 };
    for (const [at, outcome] of outcomes) {
      ends[outcome]++;
      if (outcome === "completed" || outcome === "failed") open.delete(at);
    }
    const { completed, failed, overloaded } = ends;
    return { completed, failed, left: [...open], isOverloaded: overloaded > 0 };
  }

  async #answerLine(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    const { signal, ctx } = this.#context;
    const gathering = this.#gathering;
    const line: BatchLine = {
      pictures: { begin: () => gathering.beginPictures(id), end: () => gathering.endPictures(id) },
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
      const outcome = this.#outcomeOf(response, line);
      if (outcome === "overloaded" || line.customId === undefined) await response.body?.cancel();
      else
        await this.#stream.write(outcome === "completed" ? "output" : "error", line.customId, id, response);
      return outcome;
    } finally {
      gathering.finish(id);
    }
  }

  #outcomeOf({ status, ok }: Response, { customId }: BatchLine): Outcome {
    if (ok && customId !== undefined) return "completed";
    if (OVERLOADED.has(status) || customId === undefined) return "overloaded";
    if (status >= FAILED && !this.#request.takesFailures) return "overloaded";
    return "failed";
  }
}
