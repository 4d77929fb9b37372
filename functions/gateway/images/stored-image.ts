/** A picture that is one of the account's files: one read of R2, when there is room for it. */
import type { BlobStore } from "../../files/blob-store.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_IMAGE_BYTES } from "../limits.ts";
import { shownId } from "../shown-values.ts";
import { fetchedBytes } from "./fetch/fetched-bytes.ts";
import { type ImageFile, imageFile, imageTooLarge } from "./image-file.ts";

/**
 * @param param the reference's path in the request, for errors
 * @param use gets the file; its memory is given to others once it is done
 * @throws ServiceError `file_not_found`, `image_too_large`, `overloaded`
 */
export async function readStoredImage<T>(
  blobs: BlobStore,
  id: string,
  param: string,
  use: (file: ImageFile) => Promise<T>,
): Promise<T> {
  const file = await blobs.open(id);
  if (file === undefined) throw fileNotFound(id, param);
  const { bytes, body } = file;
  if (bytes > MAX_IMAGE_BYTES) {
    await body.cancel();
    throw imageTooLarge(bytes, param);
  }
  const share = fetchedBytes.open(bytes, false, `account/${blobs.account}`);
  try {
    await share.growTo(bytes);
    share.complete(bytes);
    return await use({ ...imageFile([new Uint8Array(await file.arrayBuffer())], param), fileId: id });
  } catch (error) {
    // What was not read for lack of room; a body that was read cannot be cancelled any more.
    await body.cancel().catch(() => {});
    throw error;
  } finally {
    share.release();
  }
}

export function fileNotFound(id: string, param = "file_id"): ServiceError {
  return new ServiceError("file_not_found", `there is no file ${shownId(id)}`, { param });
}
