/** Bytes of a piece. */
const PIECE_BYTES = 65_536;

/**
 * Encodes texts as UTF-8, in pieces. All pieces are views of one buffer, so each must be used before the next is asked
 * for. With a buffer for each piece, an answer of a hundred megabytes would fill the isolate with buffers that nobody
 * has collected yet.
 */
export function* utf8Pieces(texts: Iterable<string>): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(PIECE_BYTES);
  const encoder = new TextEncoder();
  let filled = 0;
  for (const text of texts) {
    for (let rest = text; rest !== "";) {
      const { read, written } = encoder.encodeInto(rest, buffer.subarray(filled));
      filled += written;
      rest = rest.slice(read);
      if (rest === "") break;
      yield buffer.subarray(0, filled);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
