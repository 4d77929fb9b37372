/**
 * Writes an answer while it is sent. The JSON of 2,048 vectors is about 30 MB, that of 16 pictures with long labels
 * more than 100 MB, and making it at once takes twice as much memory. So it is made piece by piece, and only one piece
 * ahead of the client.
 *
 * The data behind the rows takes room in the same way as the request's body, until the last piece is sent. Otherwise
 * clients that request much and read nothing would fill the isolate. `send-pieces.ts` says when a client loses it.
 */
import type { Context } from "hono";
import { callerOf, clientOf } from "../../middleware/caller-of.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import type { Share } from "../../body/body-share.ts";
import { bytesInFlight } from "../../body/bytes-in-flight.ts";
import { utf8Pieces } from "../../../json/utf8-pieces.ts";
import type { Inference } from "./inference-response.ts";
import { sendPieces } from "./send-pieces.ts";

/** Bytes of the object of one score: four numbers and a reference to its text. */
export const SCORE_BYTES = 120;

export interface Rows {
  count: number;
  /** Makes a row when it is needed. */
  rowOf: RowOf;
  /** Bytes of the data behind the rows, without what is part of the request's body. */
  bytes: number;
}

type RowOf = (index: number) => object | string;

/**
 * @param envelope the whole answer with no rows in `data`
 * @throws ServiceError `overloaded` if there is no room for the data behind the rows
 */
export async function streamRows(
  c: Context<GatewayEnv>,
  envelope: Inference,
  { count, rowOf, bytes }: Rows,
): Promise<Response> {
  return await streamTexts(c, answerTexts(JSON.stringify(envelope), count, { data: rowOf }), bytes);
}

/**
 * Streams JSON as its parts are made.
 * @param bytes of the data behind it, without what is part of the request's body
 * @throws ServiceError `overloaded` if there is no room for the data behind the rows
 */
export async function streamTexts(
  c: Context<GatewayEnv>,
  texts: Iterable<string>,
  bytes: number,
): Promise<Response> {
  return await streamPieces(c, utf8Pieces(texts), bytes);
}

/** Room for the answer to a request without a body. */
export function openShare(c: Context<GatewayEnv>): Share {
  const share = bytesInFlight.open(0, false, clientOf(c, callerOf(c)));
  c.set("share", share);
  return share;
}

/** Streams the pieces of a JSON text. @param bytes as for `streamTexts` @throws ServiceError as `streamTexts` */
export async function streamPieces(
  c: Context<GatewayEnv>,
  pieces: Iterable<Uint8Array>,
  bytes: number,
  init: ResponseInit = { headers: { "content-type": "application/json" } },
): Promise<Response> {
  // Nobody would read the pieces.
  if (c.req.method === "HEAD") return new Response(null, init);
  const share = c.get("share") ?? openShare(c);
  await share.growBy(bytes);
  share.beginAnswer();
  // From here on the answer owns the room.
  c.set("share", undefined);
  const { readable, writable } = new IdentityTransformStream();
  // A line's answer waits for those of others.
  const reader = c.get("line") === undefined ? share : undefined;
  const sent = sendPieces(pieces, writable.getWriter(), reader).finally(() => share.release());
  c.executionCtx.waitUntil(sent);
  return new Response(readable, init);
}

/**
 * Writes JSON with rows in lists that are still empty.
 * @param lists by field, in the order of the JSON, each with as many rows
 */
export function* answerTexts(json: string, count: number, lists: Record<string, RowOf>): Generator<string> {
  let written = 0;
  for (const [field, rowOf] of Object.entries(lists)) {
    // No string in the JSON contains these characters, because its quotes would be escaped.
    const empty = `"${field}":[]`;
    const start = json.indexOf(empty, written) + empty.length - 1;
    yield json.slice(written, start);
    yield* listTexts(count, rowOf);
    written = start;
  }
  yield json.slice(written);
}

/** Rows with commas between them. */
export function* listTexts(count: number, rowOf: RowOf): Generator<string> {
  for (let index = 0; index < count; index++) {
    if (index > 0) yield ",";
    const row = rowOf(index);
    if (typeof row === "string") yield JSON.stringify(row);
    else yield* jsonOf(row);
  }
}

/** Like `JSON.stringify`, but yields a list object by object: one picture's labels may be megabytes. */
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
