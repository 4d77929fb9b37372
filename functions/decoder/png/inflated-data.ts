/** Inflates the data in a PNG's `IDAT` chunks, which together are one zlib stream. */
import { pngChunks } from "./png-chunks.ts";

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

/** Yields copies, because the inflater must not get bytes in the codec's memory. */
function* dataPieces(view: () => Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  const file = view();
  const chunks = [...pngChunks(new DataView(file.buffer, file.byteOffset, file.byteLength))];
  for (const { type, at, length } of chunks) {
    if (type !== "IDAT") continue;
    for (let from = at; from < at + length; from += PIECE_BYTES) {
      yield view().slice(from, Math.min(from + PIECE_BYTES, at + length));
    }
  }
}
