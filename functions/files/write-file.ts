/** Makes a file of an account from a stream: for what the service itself writes, such as a batch's output. */
import type { AccountFiles } from "./account-files.ts";
import type { FileObject } from "./account-files-rpc.ts";
import { FileWriter } from "./file-writer.ts";
import type { FileDetails } from "./upload.ts";

export interface WrittenFile extends FileDetails {
  /** Bytes that the file will have at the most: the account keeps so many free for it meanwhile. */
  most: number;
  /** Bytes that the account's files may have together. */
  maxStored: number;
}

/**
 * @param source is read piece by piece, of which about 5 MiB are in memory; if anything fails, it is cancelled
 * @returns undefined, and no file, if nothing came
 * @throws ServiceError `storage_limit_exceeded`, `overloaded`, and whatever the source throws; nothing is left then
 */
export async function writeFile(
  files: AccountFiles,
  source: AsyncIterable<Uint8Array>,
  { most, maxStored, ...details }: WrittenFile,
): Promise<FileObject | undefined> {
  const writer = new FileWriter(files, maxStored);
  try {
    for await (const piece of source) await writer.write(piece, most);
    return writer.bytes === 0 ? undefined : await writer.finish(details);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
