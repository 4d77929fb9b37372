/** The next piece of a body that somebody sends, for as long as they may take. */
import { within } from "../../runtime/deadline.ts";
import { LOOK_MS, type Share } from "./bytes-in-flight.ts";

/**
 * @param share is told that the sender is waited for
 * @param patience milliseconds; those in which the isolate was busy with other requests do not count
 * @param late what to throw when nothing came for so long
 * @returns undefined at the end
 * @throws ServiceError `overloaded` if others were given the share's room; what `late` gives; what reading throws
 */
export async function receivePiece(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  share: Share,
  patience: number,
  late: () => Error,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const piece = reader.read();
  // Whoever gives up does not hear how it goes on.
  piece.catch(() => {});
  share.expect();
  const most = share.waited + patience;
  for (;;) {
    const came = await within(LOOK_MS, piece);
    if (came !== undefined) {
      share.received(came.value?.byteLength ?? 0);
      return came.value;
    }
    share.foundNothing();
    share.assertKept();
    if (share.waited > most) throw late();
  }
}
