/**
 * Byte arrays one after the other as a byte stream. What is sent to another Worker as a stream is taken by it piece by
 * piece, when its turn comes; sent as arguments, it would sit in the other isolate's memory while it waits.
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
