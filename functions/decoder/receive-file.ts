/** Reads the next file of the upload into the codecs' memory. */
import { ServiceError } from "../runtime/errors.ts";
import type { ByteReader } from "../runtime/bytes/byte-reader.ts";
import { CodecBlock } from "./codec-block.ts";
import { fileTooLarge, MAX_FILE_BYTES } from "./formats/pixel-limits.ts";
import type { MagickApi } from "./magick/magick-internals.ts";

/**
 * Reads the file to its end even if it is refused or loses its turn, because the next file begins there.
 * @param api the instance whose heap receives the file, if there is one
 * @param alive called after each pause; throws when the file is no longer wanted
 * @throws ServiceError `invalid_image` if the file is empty or the upload ends early, `image_too_large`
 */
export async function receiveFile(
  upload: ByteReader,
  length: number,
  api: MagickApi | undefined,
  alive: () => void,
): Promise<CodecBlock> {
  const file = length > 0 && length <= MAX_FILE_BYTES ? place(length, api) : undefined;
  const turn: { lost?: { reason: unknown } } = {};
  try {
    const complete = await upload.take(length, (piece, offset) => {
      if (turn.lost !== undefined) return;
      try {
        alive();
        file?.view().set(piece, offset);
      } catch (reason) {
        turn.lost = { reason };
      }
    });
    if (turn.lost !== undefined) throw turn.lost.reason;
    alive();
    if (!complete) throw new ServiceError("invalid_image", "the upload ended early");
  } catch (error) {
    file?.free();
    throw error;
  }
  return file ?? refuse(length);
}

function place(length: number, api: MagickApi | undefined): CodecBlock | undefined {
  return api === undefined ? CodecBlock.allocateAtEnd(length) : CodecBlock.allocate(api, length);
}

function refuse(length: number): never {
  if (length === 0) throw new ServiceError("invalid_image", "the file is empty");
  if (length > MAX_FILE_BYTES) throw fileTooLarge("file", length, MAX_FILE_BYTES);
  throw new ServiceError("overloaded", "the decoder is out of memory; try again");
}
