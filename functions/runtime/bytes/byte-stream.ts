/**
 * Byte arrays, one after the other, as a byte stream. Another Worker reads a stream piece by piece when the request's
 * turn comes. Arguments of a call would be in that isolate's memory while the request waits.
 * @param taken called when a piece has been read
 */
export function byteStream(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  taken: () => void = () => {},
): ReadableStream<Uint8Array> {
  const left = pieces.values();
  let given = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (given++ > 0) taken();
      const { value: piece } = left.next();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}
