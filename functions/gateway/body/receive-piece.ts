/** Receives the next piece of a body, with a time limit. */
import { within } from "../../runtime/deadline.ts";
import type { Share } from "./body-share.ts";
import { LOOK_MS } from "./client-pace.ts";

/**
 * @param share is told that the sender is waited for
 * @param patience milliseconds that the sender may still take; time in which the isolate was busy with other requests does not count
 * @param late gives the error to throw if it takes longer
 * @returns undefined at the end
 * @throws ServiceError `overloaded` if the share's room was given to others; the error of `late`; errors of reading
 */
export async function receivePiece(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  share: Share,
  patience: number,
  late: () => Error,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const piece = reader.read();
  // After giving up, ignore how the read ends.
  piece.catch(() => {});
  share.pace.expect();
  const most = share.pace.waited + patience;
  for (;;) {
    const came = await within(LOOK_MS, piece);
    if (came === undefined) share.pace.foundNothing();
    else share.pace.received(came.value?.byteLength ?? 0);
    if (came?.done === true) return undefined;
    // Also when something came: a sender of many small pieces is never silent.
    share.assertKept();
    if (share.pace.waited > most) throw late();
    if (came !== undefined) return came.value;
  }
}
