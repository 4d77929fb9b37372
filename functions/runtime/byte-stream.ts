/**
 * Byte arrays, one after the other, as a byte stream. Another Worker reads a stream piece by piece when the request's
 * turn comes. Arguments of a call would be in that isolate's memory while the request waits.
 */
export function byteStream(pieces: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  const left = pieces.values();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { value: piece } = left.next();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}
