/** A request's body, piece by piece, without trusting its length. */
import { ServiceError } from "../../runtime/errors.ts";

/** Longest silence of a client that is sending, milliseconds. */
const MAX_SILENCE_MS = 15_000;

/**
 * Passes the body's pieces on. What exceeds the limit, or comes after something in it was refused, is thrown away, up
 * to the limit once more: a client that is still sending when the connection closes never sees the answer that says why.
 * @param limit bytes
 * @param use given each piece as it arrives
 * @throws ServiceError `request_too_large`; `overloaded` for a client that stops sending; whatever `use` throws
 */
export async function readLimited(
  request: Request,
  limit: number,
  use: (piece: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Promise<void> {
  let refusal: unknown;
  let bytes = 0;
  const tooLarge = new ServiceError("request_too_large", `the request's body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > 2 * limit) throw tooLarge;
  const reader = (request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null)?.getReader();
  for (let part = await next(reader); part !== undefined; part = await next(reader)) {
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

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (reader === undefined) return undefined;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ServiceError("overloaded", "the request's body came too slowly; try again")),
      MAX_SILENCE_MS,
    );
  });
  try {
    return (await Promise.race([reader.read(), silence])).value;
  } finally {
    clearTimeout(timer);
  }
}
