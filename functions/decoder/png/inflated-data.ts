/**
 * Inflates the data in a PNG's `IDAT` chunks, which together are one zlib stream. A file may have a million chunks, so
 * they are not listed: between two pieces only an offset is kept.
 */
import { chunkAt, FIRST_CHUNK_AT, type PngChunk } from "./png-chunks.ts";

/** Bytes handed to the inflater at a time. */
const PIECE_BYTES = 65_536;

/** @param view gives the file's bytes; called again after every pause */
export function inflatedData(view: () => Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  const pieces = dataPieces(view);
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { value } = pieces.next();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
  });
  return packed.pipeThrough(new DecompressionStream("deflate"));
}

/**
 * Yields copies, because the inflater must not get bytes in the codec's memory. A piece has the data of many chunks if
 * they are small.
 */
function* dataPieces(view: () => Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  let file = view();
  for (let chunk = chunkIn(file, FIRST_CHUNK_AT); chunk; chunk = chunkIn(file, chunk.nextAt)) {
    if (chunk.type !== "IDAT") continue;
    const end = chunk.at + chunk.length;
    for (let from = chunk.at; from < end;) {
      const part = file.subarray(from, Math.min(end, from + PIECE_BYTES - filled));
      piece.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
      file = view();
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

function chunkIn({ buffer, byteOffset, byteLength }: Uint8Array, at: number): PngChunk | undefined {
  return chunkAt(new DataView(buffer, byteOffset, byteLength), at);
}
