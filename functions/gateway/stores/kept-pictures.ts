/**
 * The files of the pictures that a request adds to a vector store. What comes in the request, or from a URL, becomes a
 * file of the account, so that it can be shown; it is written before the decoder gets it, which frees its memory. If
 * the picture is not added in the end, its file goes again.
 */
import { AccountFiles } from "../../files/account-files.ts";
import type { FileObject } from "../../files/account-files-rpc.ts";
import { Upload } from "../../files/upload.ts";
import { warn } from "../../runtime/warn.ts";
import type { Bindings } from "../bindings.ts";
import { withoutControls } from "../shown-values.ts";
import type { KeepFile } from "../embed/picture-batch.ts";
import { MAX_FILENAME_LENGTH } from "../limits.ts";

const UNNAMED = "picture";

export class KeptPictures {
  readonly #files: AccountFiles;
  readonly #maxStored: number;
  readonly #kept = new Map<string, FileObject>();

  /** @param maxStored bytes that the account's files may have together */
  constructor(env: Bindings, account: string, maxStored: number) {
    this.#files = new AccountFiles(env, account);
    this.#maxStored = maxStored;
  }

  /** @throws ServiceError `storage_limit_exceeded`, `overloaded` */
  readonly keep: KeepFile = async ({ pieces, name = "", fileId }, sha256) => {
    if (fileId !== undefined) return;
    const filename = withoutControls(name).trim().slice(-MAX_FILENAME_LENGTH) || UNNAMED;
    const upload = new Upload(this.#files, this.#maxStored);
    try {
      this.#kept.set(sha256, await upload.write(pieces, { filename, purpose: "vision", expiresAfter: null }));
    } catch (error) {
      await upload.abandon();
      throw error;
    }
  };

  /** @param sha256 of the picture @returns undefined for one that was the account's already */
  fileOf(sha256: string): FileObject | undefined {
    return this.#kept.get(sha256);
  }

  /** From now on the files stay. @param sha256s of their pictures */
  settle(sha256s: Iterable<string>): void {
    for (const sha256 of sha256s) this.#kept.delete(sha256);
  }

  /** Removes the files that have not been settled. Never throws: a file that stays is one of the account's list. */
  async discard(): Promise<void> {
    for (const [sha256, { id }] of this.#kept) {
      this.#kept.delete(sha256);
      await this.#files.remove(id).catch((error: unknown) => warn("file of a picture not removed", error));
    }
  }
}
