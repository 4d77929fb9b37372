/**
 * An answer that is written while it is sent. The JSON of 2,048 vectors is some 30 MB, that of 16 pictures and long labels
 * more than 100, and with what it is made of it takes twice that; a client takes it piece by piece, and no more than a
 * piece is made ahead.
 *
 * What the pieces are made of takes room like the request's body, and with it, until the last piece is gone: clients that
 * ask for much and read nothing would fill the isolate. Who reads nothing for a while is hung up on.
 */
import type { Context } from "hono";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import type { Inference } from "./inference-response.ts";

/** UTF-16 code units after which a piece takes nothing more: V8 collects strings of more than 128 kB late. */
const PIECE_LENGTH = 50_000;
const EMPTY = '"data":[]';
/** How long a client may take for a piece. Milliseconds. */
const PATIENCE_MS = 15_000;

/** What the object of one score takes, four numbers and a reference to its text. */
export const SCORE_BYTES = 120;

export interface Rows {
  count: number;
  /** Makes a row when it is due. */
  rowOf: (index: number) => object;
  /** What rows are made of, as far as the request's body did not bring it. */
  bytes: number;
}

/**
 * @param envelope the whole answer with no rows in `data`
 * @throws ServiceError `overloaded` if there is no room for what the rows are made of
 */
export async function streamRows(
  c: Context<GatewayEnv>,
  envelope: Inference,
  { count, rowOf, bytes }: Rows,
): Promise<Response> {
  const share = c.get("share");
  if (share !== undefined) await share.growTo(share.held + bytes, share.held + bytes);
  // From here on it belongs to the answer.
  c.set("share", undefined);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const end = (): void => {
    clearTimeout(timer);
    share?.release();
  };
  const json = JSON.stringify(envelope);
  // No string in the JSON holds these characters: its quotes would be escaped.
  const start = json.indexOf(EMPTY) + EMPTY.length - 1;
  const encoder = new TextEncoder();
  const texts = answerTexts(json.slice(0, start), count, rowOf, json.slice(start));
  const expectReader = (controller: ReadableStreamDefaultController): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      end();
      controller.error(new Error("the client does not read its answer"));
    }, PATIENCE_MS);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: expectReader,
      pull(controller) {
        try {
          const { piece, isLast } = nextPiece(texts);
          controller.enqueue(encoder.encode(piece));
          if (!isLast) return expectReader(controller);
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function nextPiece(texts: Iterator<string>): { piece: string; isLast: boolean } {
  let piece = "";
  while (piece.length < PIECE_LENGTH) {
    const { done, value } = texts.next();
    if (done === true) return { piece, isLast: true };
    piece += value;
  }
  return { piece, isLast: false };
}

function* answerTexts(
  start: string,
  count: number,
  rowOf: (index: number) => object,
  end: string,
): Generator<string> {
  yield start;
  for (let index = 0; index < count; index++) {
    if (index > 0) yield ",";
    yield* jsonOf(rowOf(index));
  }
  yield end;
}

/** As `JSON.stringify`, but lists of objects come object by object: one picture's labels may be megabytes. */
function* jsonOf(value: object): Generator<string> {
  if (!Object.values(value).some((field) => isObjects(field))) {
    yield JSON.stringify(value);
    return;
  }
  let before = "{";
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    yield `${before}${JSON.stringify(name)}:`;
    if (isObjects(field)) yield* jsonOfList(field);
    else yield JSON.stringify(field ?? null);
    before = ",";
  }
  yield "}";
}

function* jsonOfList(objects: readonly object[]): Generator<string> {
  let before = "[";
  for (const each of objects) {
    yield before;
    yield* jsonOf(each);
    before = ",";
  }
  yield "]";
}

function isObjects(value: unknown): value is readonly object[] {
  return Array.isArray(value) && typeof value[0] === "object" && value[0] !== null;
}
