/**
 * A file on its way to R2. What fits into one part is written at once; anything larger in parts of equal size, as R2
 * wants them, so that no more than one part is in memory. The account's Durable Object knows of the upload before R2
 * does, and hears the end of it: whatever fails, either there is a file or nothing is left.
 */
import { DeadlineError } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { warn } from "../runtime/warn.ts";
import type { AccountFiles } from "./account-files.ts";
import type { Committed, FileContent, FileObject } from "./account-files-rpc.ts";
import { newPrefix, PREFIX_BYTES, unreachable } from "./blob-store.ts";
import { newBlobId, newBlobKey } from "./file-id.ts";

/** Bytes of every part but the last, with the prefix: R2's least. */
export const PART_BYTES = 5 * 1024 * 1024;
/** Milliseconds. */
const LONGEST_UPLOAD = 3_600_000;
/** Milliseconds between two signs of life. Silence of `DEAD_AFTER` (`state/account/upload-table.ts`) is taken for death. */
const TOUCH_EVERY = 120_000;

/** What its maker says of a file. */
export type FileDetails = Omit<FileContent, "sha256" | "bytes">;

export class Upload {
  readonly #files: AccountFiles;
  readonly #maxBytes: number;
  readonly #blob = newBlobId();
  readonly #key = newBlobKey();
  readonly #digest = new crypto.DigestStream("SHA-256");
  readonly #hash = this.#digest.getWriter();
  readonly #startedAt = Date.now();
  readonly #parts: R2UploadedPart[] = [];
  #touchedAt = Date.now();
  #uploadId: string | null = null;
  #bytes = 0;
  #isBegun = false;
  /** R2 was asked to write the object and has not answered: it may do so after it was asked to remove it. */
  #isUncertain = false;

  /** Stands before the file's bytes: whoever collects the parts begins the first one with it. */
  readonly prefix = newPrefix();

  /** @param maxBytes that the account may store */
  constructor(files: AccountFiles, maxBytes: number) {
    this.#files = files;
    this.#maxBytes = maxBytes;
    // An upload that is given up has no digest.
    this.#digest.digest.catch(() => {});
  }

  /**
   * Sends a part that is not the last.
   * @param part `PART_BYTES` long
   * @param most bytes that the file will have, as far as is known
   * @throws ServiceError `storage_limit_exceeded`, `overloaded`
   */
  async add(part: Uint8Array<ArrayBuffer>, most: number): Promise<void> {
    if (Date.now() - this.#startedAt > LONGEST_UPLOAD) {
      throw new ServiceError("overloaded", "the upload took too long; try again");
    }
    const { blobs } = this.#files;
    if (this.#uploadId === null) {
      this.#uploadId = await blobs.beginParts(this.#blob, this.#key);
      await this.#begin(most);
    }
    await this.#send(this.#uploadId, part);
  }

  /** Call it while bytes come, however slowly. @throws ServiceError `overloaded` if the upload was taken for dead */
  async touch(): Promise<void> {
    if (!this.#isBegun || Date.now() - this.#touchedAt < TOUCH_EVERY) return;
    this.#touchedAt = Date.now();
    const isAlive = await this.#files.touch(this.#blob).catch((error: unknown) => {
      warn("upload not touched", error);
      return true;
    });
    if (!isAlive) throw unreachable(new Error("the upload was taken for dead"));
  }

  /**
   * Makes the file, once all of it has come.
   * @param rest what follows the last full part; may be empty if there was one
   * @throws ServiceError `storage_limit_exceeded`, `overloaded`
   */
  async finish(rest: Uint8Array<ArrayBuffer>, details: FileDetails): Promise<FileObject> {
    if (this.#uploadId === null) {
      await this.#count(rest);
      await this.#begin(this.#bytes);
    } else if (rest.byteLength > 0) await this.#send(this.#uploadId, rest);
    return await this.#commit(details, () => this.#files.blobs.put(this.#blob, this.#key, rest));
  }

  /**
   * Makes the file, instead of `add` and `finish`, of pieces that are in memory: they are streamed, not copied.
   * @throws ServiceError `storage_limit_exceeded`, `overloaded`
   */
  async write(pieces: readonly Uint8Array[], details: FileDetails): Promise<FileObject> {
    for (const piece of pieces) {
      this.#bytes += piece.byteLength;
      await this.#hash.write(piece);
    }
    await this.#begin(this.#bytes);
    const { blobs } = this.#files;
    return await this.#commit(details, () =>
      blobs.putPieces(this.#blob, this.#key, [this.prefix, ...pieces]),
    );
  }

  /** Leaves nothing behind. Never throws: what cannot be cleared now is left to the sweep. */
  async abandon(): Promise<void> {
    await this.#hash.abort().catch(() => {});
    if (!this.#isBegun && this.#uploadId === null) return;
    try {
      // First: from then on, no commit that is still under way can make a file of it.
      const { mayClear, removal } = this.#isBegun
        ? await this.#files.abandon(this.#blob)
        : { mayClear: true };
      if (removal !== undefined) await this.#files.finish(removal);
      if (mayClear && !this.#isUncertain) await this.#clear();
    } catch (error) {
      warn("upload not cleared", error);
    }
  }

  async #begin(bytes: number): Promise<void> {
    // The answer may be lost.
    this.#isBegun = true;
    const begun = await this.#files.begin({
      blob: this.#blob,
      key: this.#key,
      uploadId: this.#uploadId,
      bytes,
      maxBytes: this.#maxBytes,
    });
    this.#touchedAt = Date.now();
    if (begun === "busy") {
      throw new ServiceError("overloaded", "other uploads of the account must end first; try again");
    }
    if (begun === "full") {
      const message = `the account's files would have more than ${this.#maxBytes} bytes, or be too many; delete some`;
      throw new ServiceError("storage_limit_exceeded", message, { param: "file" });
    }
  }

  async #send(uploadId: string, part: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#count(part);
    const number = this.#parts.length + 1;
    this.#parts.push(await this.#files.blobs.putPart(this.#blob, uploadId, number, part));
  }

  async #count(part: Uint8Array<ArrayBuffer>): Promise<void> {
    const bytes = this.#bytes === 0 ? part.subarray(PREFIX_BYTES) : part;
    this.#bytes += bytes.byteLength;
    await this.#hash.write(bytes);
  }

  /** @param put writes a file of one part */
  async #commit(details: FileDetails, put: () => Promise<void>): Promise<FileObject> {
    await this.#hash.close();
    const sha256 = new Uint8Array(await this.#digest.digest).toHex();
    const content: FileContent = { ...details, sha256, bytes: this.#bytes };
    const { file, isDuplicate } = await this.#committed(content, put);
    if (isDuplicate) await this.#clear();
    return file;
  }

  async #committed(content: FileContent, put: () => Promise<void>): Promise<Committed> {
    const { blobs } = this.#files;
    const known = await this.#files.commit(this.#blob, content, false);
    if (known !== undefined) return known;
    if (this.#uploadId === null) await this.#put(put);
    else await blobs.completeParts(this.#blob, this.#uploadId, this.#parts);
    const committed = await this.#files.commit(this.#blob, content, true);
    if (committed === undefined) throw unreachable(new Error("the upload was given up meanwhile"));
    return committed;
  }

  async #put(put: () => Promise<void>): Promise<void> {
    try {
      await put();
    } catch (error) {
      this.#isUncertain = error instanceof ServiceError && error.cause instanceof DeadlineError;
      throw error;
    }
  }

  async #clear(): Promise<void> {
    try {
      await this.#files.clear(this.#blob, this.#uploadId);
    } catch (error) {
      warn("upload not cleared", error);
    }
  }
}
