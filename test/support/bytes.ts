/** Bytes, and streams of them. */

/** UTF-8, in a buffer of its own. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text));
}

/**
 * A byte stream, as R2's.
 * @param size bytes that it gives at once
 * @param breaks true if it fails after the last piece
 */
export function byteStream(
  bytes: Uint8Array,
  size: number,
  { breaks = false, onCancel = (): void => {} } = {},
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(Uint8Array.from(bytes.subarray(at, (at += size))));
      else if (breaks) controller.error(new Error("connection lost"));
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
    cancel: () => onCancel(),
  });
}
