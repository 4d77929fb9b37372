/** The pieces of a byte stream, as they come. */

/** Bytes asked for at once; workerd gives 4 kB otherwise. */
const READ_BYTES = 65_536;

/** A caller that stops before the end needs no more bytes, so the stream is cancelled. */
export async function* readPieces(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader({ mode: "byob" });
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(READ_BYTES));
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
