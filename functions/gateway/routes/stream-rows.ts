/**
 * An answer that is written while it is sent. The JSON of 2,048 vectors is some 30 MB, that of 16 pictures and long labels
 * more than 100, and with what it is made of it takes twice that; a client takes it piece by piece, and no more than a
 * piece is made ahead.
 */
import type { Inference } from "./inference-response.ts";

/** UTF-16 code units after which a piece takes nothing more: V8 collects strings of more than 128 kB late. */
const PIECE_LENGTH = 50_000;
const EMPTY = '"data":[]';

/**
 * @param envelope the whole answer with no rows in `data`
 * @param rowOf makes a row when it is due
 */
export function streamRows(envelope: Inference, count: number, rowOf: (index: number) => object): Response {
  const json = JSON.stringify(envelope);
  // No string in the JSON holds these characters: its quotes would be escaped.
  const start = json.indexOf(EMPTY) + EMPTY.length - 1;
  const encoder = new TextEncoder();
  const texts = answerTexts(json.slice(0, start), count, rowOf, json.slice(start));
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        let piece = "";
        while (piece.length < PIECE_LENGTH) {
          const { done, value } = texts.next();
          if (done === true) {
            controller.enqueue(encoder.encode(piece));
            controller.close();
            return;
          }
          piece += value;
        }
        controller.enqueue(encoder.encode(piece));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/json" } });
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
