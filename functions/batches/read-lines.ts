/** Cuts a byte stream into its lines. A line is the only thing that is in memory. */
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { readPieces } from "../runtime/bytes/read-pieces.ts";

const LINE_FEED = 0x0a;

export interface Line {
  /** In the stream, of its first byte. */
  offset: number;
  /** Without the line feed; undefined for a line that is too long. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
  /** With the line feed. */
  length: number;
}

/** @param most bytes of a line, without the line feed */
export async function* readLines(stream: ReadableStream<Uint8Array>, most: number): AsyncGenerator<Line> {
  // Grows in place.
  const line = new ArrayBuffer(0, { maxByteLength: most });
  let offset = 0;
  let length = 0;
  let isTooLong = false;
  const take = (piece: Uint8Array): void => {
    length += piece.length;
    isTooLong ||= length > most;
    const before = line.byteLength;
    line.resize(isTooLong ? 0 : before + piece.length);
    if (!isTooLong) new Uint8Array(line).set(piece, before);
  };
  const end = (feed: 0 | 1): Line => {
    const bytes = isTooLong ? undefined : new Uint8Array(line).slice();
    const ended = { offset, bytes, length: length + feed };
    offset += length + feed;
    length = 0;
    isTooLong = false;
    line.resize(0);
    return ended;
  };
  for await (const piece of readPieces(stream)) {
    let from = 0;
    for (let to = piece.indexOf(LINE_FEED); to !== -1; to = piece.indexOf(LINE_FEED, from)) {
      take(piece.subarray(from, to));
      from = to + 1;
      yield end(1);
    }
    take(piece.subarray(from));
    freeBuffer(piece);
  }
  if (length > 0) yield end(0);
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** White space of JSON. */
const SPACES = new Set([0x20, 0x09, 0x0d]);

/** True for a line that stands for nothing. */
export function isBlank(line: Uint8Array): boolean {
  const start = BYTE_ORDER_MARK.every((byte, at) => line[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  return line.subarray(start).every((byte) => SPACES.has(byte));
}
