/**
 * The bytes of files in R2: an object a blob, under the account's prefix. Beside the bytes stands the key that marks the
 * blob's ids, and which of them are revoked, so that one read tells whether a file exists and gives its bytes.
 *
 * Files with the same bytes share a blob. When one of them is deleted, its number is added to those that are revoked.
 * R2 changes an object only as a whole, so this copies the bytes, in a stream; whoever reads meanwhile gets one or the
 * other. When the last file goes, the object does.
 *
 * Two that revoke at once must not undo each other. R2 writes on the condition that an object's ETag is the same, but an
 * ETag is a hash of the bytes alone, and these do not change. So a few random bytes stand before them, new each time;
 * readers ask for what follows.
 */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { isGenuine, parseFileId } from "./file-id.ts";

/** Metadata of an object is 8,192 bytes at most; so many numbers take two thirds of it. */
export const MAX_NUMBERS = 32_000;
/** Tries to revoke a number while others revoke theirs. */
const REVOKE_TRIES = 12;
/** Milliseconds between two of them: R2 takes one write a second of an object. */
const REVOKE_PAUSE = 250;

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
  /** A bit for each revoked number, base64url. */
  revoked?: string;
}

/** Every method throws ServiceError `overloaded` while R2 does not answer. */
export class BlobStore {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;

  constructor(bucket: R2Bucket, account: string) {
    this.#bucket = bucket;
    this.#prefix = `${accountPrefix(account)}${BLOBS}`;
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
        if (!isOver(cause)) throw unreachable(cause);
      }
    }
    await this.remove(blob);
  }

  async remove(blob: string): Promise<void> {
    await answered(DEADLINES.r2Body, () => this.#bucket.delete(this.#path(blob)));
  }

  /** From now on, `open` does not know the blob's file of this number. Others are not touched. */
  async revoke(blob: string, number: number): Promise<void> {
    const path = this.#path(blob);
    for (let left = REVOKE_TRIES; left > 0; left--) {
      const object = await this.#get(path);
      // The last file of the blob has gone meanwhile.
      if (object === null) return;
      const metadata = object.customMetadata as unknown as BlobMetadata;
      if (hasBit(metadata.revoked, number)) {
        await object.body.cancel();
        return;
      }
      const customMetadata = { ...metadata, revoked: withBit(metadata.revoked, number) };
      const copied = await answered(DEADLINES.r2Copy, () => this.#copy(path, object, customMetadata));
      if (copied) return;
      await scheduler.wait(REVOKE_PAUSE * (0.5 + Math.random()));
    }
    throw unreachable(new Error(`${path} is changed by others all the time`));
  }

  /** @returns false if the object is another one by now */
  async #copy(
    path: string,
    { body, size, etag }: R2ObjectBody,
    customMetadata: Record<string, string>,
  ): Promise<boolean> {
    const { readable, writable } = new FixedLengthStream(size);
    const send = async (): Promise<void> => {
      const writer = writable.getWriter();
      await writer.write(newPrefix());
      writer.releaseLock();
      await body.pipeTo(writable);
    };
    // If it fails, so does what reads it.
    send().catch(() => {});
    const put = await this.#bucket.put(path, readable, { customMetadata, onlyIf: { etagMatches: etag } });
    return (put as R2Object | null) !== null;
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

const ACCOUNTS = "accounts/";
const BLOBS = "blobs/";

function accountPrefix(account: string): string {
  return `${ACCOUNTS}${encodeURIComponent(account)}/`;
}

/**
 * Accounts that have files, or parts of some, in R2.
 * @param after the last one seen; undefined at the beginning
 * @returns `next` is what to give as `after`; undefined after the last one
 */
export async function accountsWithBlobs(
  bucket: R2Bucket,
  after: string | undefined,
  limit: number,
): Promise<{ accounts: string[]; next: string | undefined }> {
  // All of the account before comes before this.
  const startAfter = after === undefined ? {} : { startAfter: `${accountPrefix(after)}\u{10ffff}` };
  const listed = await answered(DEADLINES.r2Body, () =>
    bucket.list({ prefix: ACCOUNTS, delimiter: "/", limit, ...startAfter }),
  );
  const accounts = listed.delimitedPrefixes.map((prefix) =>
    decodeURIComponent(prefix.slice(ACCOUNTS.length, -1)),
  );
  return { accounts, next: listed.truncated ? accounts.at(-1) : undefined };
}

export function newPrefix(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
}

export function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "files cannot be reached; try again", { cause });
}

async function answered<T>(deadline: number, question: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(deadline, question);
  } catch (cause) {
    throw unreachable(cause);
  }
}

/** R2's code for an upload that does not exist (any more). */
function isOver(error: unknown): boolean {
  return String(error).includes("(10024)");
}

/** Whether an object's metadata say that the id is one of its blob's files. */
async function isShown(id: string, number: number, { customMetadata }: R2Object): Promise<boolean> {
  const { key, revoked } = (customMetadata ?? {}) as Partial<BlobMetadata>;
  return key !== undefined && !hasBit(revoked, number) && (await isGenuine(id, key));
}

function hasBit(bits: string | undefined, number: number): boolean {
  if (bits === undefined) return false;
  const bytes = Uint8Array.fromBase64(bits, { alphabet: "base64url" });
  return ((bytes[number >> 3] ?? 0) & (1 << (number & 7))) !== 0;
}

function withBit(bits: string | undefined, number: number): string {
  const before =
    bits === undefined ? new Uint8Array() : Uint8Array.fromBase64(bits, { alphabet: "base64url" });
  const bytes = new Uint8Array(Math.max(before.length, (number >> 3) + 1));
  bytes.set(before);
  bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
