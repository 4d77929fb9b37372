/** The next piece of a body that somebody sends, for as long as they may take. */
import type { Share } from "./bytes-in-flight.ts";

/** How often a waiting request looks whether its room has been given to another, milliseconds. */
const LOOK_MS = 200;

/**
 * @param share is told that the sender is waited for
 * @param deadline milliseconds since 1970
 * @param late what to throw when nothing came until then
 * @returns undefined at the end
 * @throws ServiceError `overloaded` if others were given the share's room; what `late` gives; what reading throws
 */
export async function receivePiece(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  share: Share,
  deadline: number,
  late: () => Error,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const piece = reader.read();
  // Whoever gives up does not hear how it goes on.
  piece.catch(() => {});
  share.expect();
  for (;;) {
    const came = await Promise.race([piece, scheduler.wait(LOOK_MS)]);
    if (came !== undefined) {
      share.received(came.value?.byteLength ?? 0);
      return came.value;
    }
    share.assertKept();
    if (Date.now() > deadline) throw late();
  }
}
