/** Reads a request's body piece by piece, with limits for its size (whatever length it states) and its time. */
import { within } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import type { Share } from "./body-share.ts";
import { receivePiece } from "./receive-piece.ts";

/** Longest silence of a client while it sends, milliseconds. */
const MAX_SILENCE_MS = 15_000;
/** Time allowed for a body: a fixed part in milliseconds, and a part that grows with its length, bytes a second. */
const MAX_TIME_MS = 30_000;
const MIN_AVERAGE = 4_000;

/** How long a refused body is still read, and how long its client may be silent meanwhile. Milliseconds. */
const DRAIN_MS = 30_000;
const DRAIN_SILENCE_MS = 1_000;

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Where the pieces of a body go. */
export interface BodySink {
  /** Called with each piece as it arrives. */
  take(piece: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Frees what it has received, because the body was refused. */
  drop(): void;
}

/**
 * Passes the body's pieces on. After an error, or above the limit, it reads and discards up to `limit` bytes more. If
 * it closed the connection while the client still sends, the client would never see the answer with the reason.
 * @param limit bytes
 * @param share is told when the client is waited for
 * @throws ServiceError `request_too_large`; `overloaded` for a client that sends too slowly; whatever `take` throws
 */
export async function readLimited(
  request: Request,
  limit: number,
  share: Share,
  taker: BodySink,
): Promise<void> {
  const tooLarge = new ServiceError("request_too_large", `the request's body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > 2 * limit) throw tooLarge;
  const reader = (request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null)?.getReader();
  if (reader === undefined) return;
  let bytes = 0;
  const next = (): ReturnType<typeof receivePiece> => {
    const left = MAX_TIME_MS + (1000 * bytes) / MIN_AVERAGE - share.pace.waited;
    return receivePiece(reader, share, Math.min(MAX_SILENCE_MS, left), tooSlow);
  };
  try {
    for (let piece = await next(); piece !== undefined; piece = await next()) {
      bytes += piece.byteLength;
      if (bytes > limit) throw tooLarge;
      await taker.take(piece);
    }
  } catch (refusal) {
    taker.drop();
    await drain(reader, 2 * limit - bytes);
    throw refusal;
  }
}

/** Discards the body until its end, a short silence, or `most` bytes. */
async function drain(reader: Reader, most: number): Promise<void> {
  const until = Date.now() + DRAIN_MS;
  for (let left = most; left > 0 && Date.now() < until;) {
    const came = await within(
      DRAIN_SILENCE_MS,
      reader.read().catch(() => ({ value: undefined })),
    );
    if (came?.value === undefined) return;
    left -= came.value.byteLength;
  }
}

function tooSlow(): ServiceError {
  return new ServiceError("overloaded", "the request's body came too slowly; try again");
}
