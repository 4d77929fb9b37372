/**
 * An answer that is written while it is sent. The JSON of 2,048 vectors is some 30 MB, and with what it is made of takes
 * twice that; a client takes it piece by piece, and no more than a piece is made ahead.
 */
import type { Inference } from "./inference-response.ts";

/** Rows of a piece: some 200 kB of a vector's values. */
const ROWS_PER_PIECE = 16;
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
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        let piece = next === 0 ? json.slice(0, start) : "";
        for (const end = Math.min(count, next + ROWS_PER_PIECE); next < end; next++) {
          piece += (next === 0 ? "" : ",") + JSON.stringify(rowOf(next));
        }
        if (next === count) piece += json.slice(start);
        controller.enqueue(encoder.encode(piece));
        if (next === count) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/json" } });
}
