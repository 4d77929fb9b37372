/** A picture's file as it arrived. Its format is not known yet: the decoder finds it from the bytes. */
import { ServiceError } from "../../runtime/errors.ts";
import type { ClientPace } from "../body/client-pace.ts";
import { MAX_IMAGE_BYTES } from "../limits.ts";

export interface ImageFile {
  /** The pieces in order. */
  pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Length of all pieces, bytes. */
  bytes: number;
  /** As its sender calls it; undefined without a name. */
  name?: string | undefined;
  /** Id of the account's file that it is read from. */
  fileId?: string;
  /** How its client sends, if further pictures may come with the body. */
  pace?: ClientPace;
}

/**
 * @param param the reference's path in the request, for errors
 * @throws ServiceError `invalid_image` for an empty file, `image_too_large`
 */
export function imageFile(pieces: readonly Uint8Array<ArrayBuffer>[], param: string): ImageFile {
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (bytes === 0) throw new ServiceError("invalid_image", `${param}: the image is empty`, { param });
  if (bytes > MAX_IMAGE_BYTES) throw imageTooLarge(bytes, param);
  return { pieces, bytes };
}

/** @param bytes length so far */
export function imageTooLarge(bytes: number, param: string): ServiceError {
  const message = `${param}: the image has ${bytes} bytes or more, the limit is ${MAX_IMAGE_BYTES}`;
  return new ServiceError("image_too_large", message, { param });
}

/** SHA-256 of the whole file, hexadecimal. */
export async function sha256OfFile({ pieces }: ImageFile): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  for (const piece of pieces) await writer.write(piece);
  await writer.close();
  return new Uint8Array(await digest.digest).toHex();
}
