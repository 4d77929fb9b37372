/**
 * Sends the pieces of an answer, each when the client has read the one before, because they share a buffer.
 *
 * What is behind the answer holds room until the last piece. So the client is timed as one that sends a body is
 * (`body/client-pace.ts`): one that reads slowly loses its room if others wait for seconds, and one that reads nothing
 * for a while is disconnected. Otherwise a few that read a little every ten seconds would keep the room for hours.
 */
import { within } from "../../../runtime/deadline.ts";
import { warn } from "../../../runtime/warn.ts";
import type { Share } from "../../body/body-share.ts";
import { LOOK_MS } from "../../body/client-pace.ts";

/** How long a client may take for a piece, milliseconds, without the time in which the isolate was too busy to check. */
const PATIENCE_MS = 15_000;

const WRITTEN = {};

class UnreadError extends Error {}

/**
 * It never rejects.
 * @param share the room of the answer, whose client is timed; without it the reader may take as long as it likes
 */
export async function sendPieces(
  pieces: Iterable<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  share: Share | undefined,
): Promise<void> {
  let isMaking = true;
  try {
    for (const piece of pieces) {
      isMaking = false;
      await read(writer.write(piece), piece.byteLength, share);
      // Also when it was read: a reader of many small pieces is never silent.
      if (share !== undefined) assertKept(share);
      isMaking = true;
    }
    isMaking = false;
    await read(writer.close(), 0, share);
  } catch (error) {
    // That a client leaves is nothing to log.
    if (isMaking || error instanceof UnreadError) warn("an answer broke off", error);
    await writer.abort(error).catch(() => undefined);
  }
}

/** Waits until the client has read a piece. @throws UnreadError; errors of writing */
async function read(writing: Promise<void>, bytes: number, share: Share | undefined): Promise<void> {
  if (share === undefined) {
    await writing;
    return;
  }
  const written = writing.then(() => WRITTEN);
  // After giving up, ignore how the write ends.
  written.catch(() => {});
  const { pace } = share;
  pace.expect();
  const most = pace.waited + PATIENCE_MS;
  while ((await within(LOOK_MS, written)) === undefined) {
    pace.foundNothing();
    assertKept(share);
    if (pace.waited > most) throw new UnreadError("the client does not read its answer");
  }
  pace.received(bytes);
}

function assertKept({ isLost }: Share): void {
  if (isLost) throw new UnreadError("others wait, and the client reads its answer too slowly");
}
