/** A request's body, piece by piece, without trusting its length, and not for ever. */
import { ServiceError } from "../../runtime/errors.ts";
import type { Share } from "./bytes-in-flight.ts";
import { receivePiece } from "./receive-piece.ts";

/** Longest silence of a client that is sending, milliseconds. */
const MAX_SILENCE_MS = 15_000;
/** What a whole body may take: so long, and as much longer as it is long. Milliseconds; bytes a second. */
const MAX_TIME_MS = 30_000;
const LEAST_AVERAGE = 4_000;

/**
 * Passes the body's pieces on. What exceeds the limit, or comes after something in it was refused, is thrown away, up
 * to the limit once more: a client that is still sending when the connection closes never sees the answer that says why.
 * @param limit bytes
 * @param share is told when the client is waited for
 * @param use given each piece as it arrives
 * @throws ServiceError `request_too_large`; `overloaded` for a client that sends too slowly; whatever `use` throws
 */
export async function readLimited(
  request: Request,
  limit: number,
  share: Share,
  use: (piece: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Promise<void> {
  let refusal: unknown;
  let bytes = 0;
  const began = Date.now();
  const tooLarge = new ServiceError("request_too_large", `the request's body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > 2 * limit) throw tooLarge;
  const reader = (request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null)?.getReader();
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const deadline = Math.min(
      Date.now() + MAX_SILENCE_MS,
      began + MAX_TIME_MS + (1000 * bytes) / LEAST_AVERAGE,
    );
    return reader && (await receivePiece(reader, share, deadline, tooSlow));
  };
  for (let part = await next(); part !== undefined; part = await next()) {
    bytes += part.byteLength;
    if (bytes > 2 * limit) break;
    if (bytes > limit) refusal = tooLarge;
    if (refusal !== undefined) continue;
    try {
      await use(part);
    } catch (error) {
      refusal = error;
    }
  }
  if (refusal !== undefined) throw refusal;
}

function tooSlow(): ServiceError {
  return new ServiceError("overloaded", "the request's body came too slowly; try again");
}
