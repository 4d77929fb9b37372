/**
 * The bytes of files in R2: an object a blob, under the account's prefix. Beside the bytes stands the key that marks
 * the blob's ids, and which of them are revoked, so that one read tells whether a file exists and gives its bytes.
 *
 * Files with the same bytes share a blob. When some of them are deleted, their numbers are added to those that are
 * revoked. R2 changes an object only as a whole, so this copies the bytes, in a stream; whoever reads meanwhile gets
 * one or the other. When the last file goes, the object does.
 *
 * Two that revoke at once must not undo each other. R2 writes on the condition that an object's ETag is the same, but
 * an ETag is a hash of the bytes alone, and these do not change. So a few random bytes stand before them, new each
 * time; readers ask for what follows.
 */
import { answeredBy } from "../runtime/answered-by.ts";
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { isUnknownUpload } from "../runtime/r2.ts";
import { blobsPrefix, markerKey } from "./account-places.ts";
import { isGenuine, parseFileId } from "./file-id.ts";
import { hasNumber, withNumbers } from "./revoked-numbers.ts";

/** Metadata of an object is 8,192 bytes at most; so many numbers take two thirds of it. */
export const MAX_NUMBERS = 32_000;

/** Random bytes before a file's own. */
export const PREFIX_BYTES = 16;

/** A piece of a file. It begins within the file, and may reach beyond its end. */
export interface FileRange {
  offset: number;
  length: number;
}

/** A file that was opened, or a piece of one. */
export interface OpenFile {
  /** The whole file's length. */
  bytes: number;
  body: ReadableStream<Uint8Array>;
  /** @throws ServiceError `overloaded` */
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface BlobMetadata {
  key: string;
  /** As `revoked-numbers.ts` writes them. */
  revoked?: string;
}

/** Every method throws ServiceError `overloaded` while R2 does not answer. */
export class BlobStore {
  readonly account: string;
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #marker: string;

  constructor(bucket: R2Bucket, account: string) {
    this.account = account;
    this.#bucket = bucket;
    this.#prefix = blobsPrefix(account);
    this.#marker = markerKey(account);
  }

  /** One read. @returns undefined if there is no such file; its body, otherwise, must be read or cancelled */
  async open(id: string, range?: FileRange): Promise<OpenFile | undefined> {
    const parts = parseFileId(id);
    if (parts === undefined || (parts.expiresAt !== null && parts.expiresAt * 1000 <= Date.now())) {
      return undefined;
    }
    const object = await this.#get(this.#path(parts.blob), range);
    if (object === null) return undefined;
    if (!(await isShown(id, parts.number, object))) {
      await object.body.cancel();
      return undefined;
    }
    return {
      bytes: object.size - PREFIX_BYTES,
      body: object.body,
      arrayBuffer: async () => await answered(DEADLINES.r2Body, () => object.arrayBuffer()),
    };
  }

  /** @param bytes after a prefix of `PREFIX_BYTES` */
  async put(blob: string, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const customMetadata = { key };
    await answered(DEADLINES.r2Body, () => this.#bucket.put(this.#path(blob), bytes, { customMetadata }));
  }

  /** @param pieces the first is a prefix of `PREFIX_BYTES` */
  async putPieces(blob: string, key: string, pieces: readonly Uint8Array[]): Promise<void> {
    const { readable, writable } = new FixedLengthStream(
      pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
    const customMetadata = { key };
    const writer = writable.getWriter();
    const sent = sendPieces(pieces, writer);
    try {
      await answered(DEADLINES.r2Body, () =>
        this.#bucket.put(this.#path(blob), readable, { customMetadata }),
      );
    } finally {
      // R2 may have answered without reading, or not at all. From here on nothing reads the pieces.
      await writer.abort().catch(() => {});
      await sent;
    }
  }

  /** @returns R2's id of the upload */
  async beginParts(blob: string, key: string): Promise<string> {
    const options = { customMetadata: { key } };
    const upload = await answered(DEADLINES.r2, () =>
      this.#bucket.createMultipartUpload(this.#path(blob), options),
    );
    return upload.uploadId;
  }

  /** @param number from 1 on; the first part begins with a prefix of `PREFIX_BYTES` */
  async putPart(
    blob: string,
    uploadId: string,
    number: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<R2UploadedPart> {
    const { etag, partNumber } = await answered(DEADLINES.r2Body, () =>
      this.#bucket.resumeMultipartUpload(this.#path(blob), uploadId).uploadPart(number, bytes),
    );
    return { etag, partNumber };
  }

  async completeParts(blob: string, uploadId: string, parts: R2UploadedPart[]): Promise<void> {
    await answered(DEADLINES.r2Body, () =>
      this.#bucket.resumeMultipartUpload(this.#path(blob), uploadId).complete(parts),
    );
  }

  /** Whatever R2 has of an upload goes, whether it was completed or not. */
  async clear(blob: string, uploadId: string | null): Promise<void> {
    if (uploadId !== null) {
      try {
        await withDeadline(DEADLINES.r2Body, () =>
          this.#bucket.resumeMultipartUpload(this.#path(blob), uploadId).abort(),
        );
      } catch (cause) {
        // R2 refuses to abort an upload that was completed or aborted, and knows it by its object.
        if (!isUnknownUpload(cause)) throw unreachable(cause);
      }
    }
    await this.remove([blob]);
  }

  /** @param blobs 1,000 at the most, which is R2's limit */
  async remove(blobs: readonly string[]): Promise<void> {
    const paths = blobs.map((blob) => this.#path(blob));
    await answered(DEADLINES.r2Body, () => this.#bucket.delete(paths));
  }

  /** From now on the sweep visits the account. */
  async mark(): Promise<void> {
    await answered(DEADLINES.r2Body, () => this.#bucket.put(this.#marker, ""));
  }

  /**
   * From now on, `open` does not know the blob's files of these numbers. Others are not touched.
   * @returns false if nothing was changed, because others changed the object at the same time
   */
  async revoke(blob: string, numbers: readonly number[]): Promise<boolean> {
    const path = this.#path(blob);
    const object = await this.#get(path);
    // The last file of the blob has gone meanwhile.
    if (object === null) return true;
    const metadata = object.customMetadata as unknown as BlobMetadata;
    const revoked = withNumbers(metadata.revoked, numbers);
    if (revoked !== undefined) return await this.#copy(path, object, { ...metadata, revoked });
    await object.body.cancel();
    return true;
  }

  /** @returns false if the object is another one by now */
  async #copy(
    path: string,
    { body, size, etag }: R2ObjectBody,
    customMetadata: Record<string, string>,
  ): Promise<boolean> {
    const { readable, writable } = new FixedLengthStream(size);
    const over = new AbortController();
    const sent = sendWithPrefix(body, writable, over.signal);
    try {
      const put = await answered(DEADLINES.r2Copy, () =>
        this.#bucket.put(path, readable, { customMetadata, onlyIf: { etagMatches: etag } }),
      );
      return (put as R2Object | null) !== null;
    } finally {
      // R2 may have answered without reading, or not at all.
      over.abort();
      await sent;
    }
  }

  /** What follows the prefix, or a piece of that. */
  async #get(path: string, { offset, ...piece }: Partial<FileRange> = {}): Promise<R2ObjectBody | null> {
    const range = { offset: PREFIX_BYTES + (offset ?? 0), ...piece };
    return await answered(DEADLINES.r2, () => this.#bucket.get(path, { range }));
  }

  #path(blob: string): string {
    return `${this.#prefix}${blob}`;
  }
}

export function newPrefix(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
}

export function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "files cannot be reached; try again", { cause });
}

async function answered<T>(deadline: number, question: () => Promise<T>): Promise<T> {
  return await answeredBy(deadline, question, unreachable);
}

/** Never throws: what reads `writable` fails if this does. The body is cancelled then, or if the signal says so. */
async function sendWithPrefix(
  body: ReadableStream,
  writable: WritableStream,
  signal: AbortSignal,
): Promise<void> {
  try {
    await new Blob([newPrefix()]).stream().pipeTo(writable, { preventClose: true, signal });
    await body.pipeTo(writable, { signal });
  } catch (error) {
    await body.cancel(error).catch(() => {});
  }
}

/** Never throws: what reads the stream fails if this does. */
async function sendPieces(
  pieces: readonly Uint8Array[],
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  try {
    for (const piece of pieces) await writer.write(piece);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
  }
}

/** Whether an object's metadata say that the id is one of its blob's files. */
async function isShown(id: string, number: number, { customMetadata }: R2Object): Promise<boolean> {
  const { key, revoked } = (customMetadata ?? {}) as Partial<BlobMetadata>;
  return key !== undefined && !hasNumber(revoked, number) && (await isGenuine(id, key));
}
