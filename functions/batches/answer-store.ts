/**
 * Answers to the lines of a part, until they are put together: an object in R2 for each time that a part was worked on.
 * First the lines of the output file, then those of the error file. Answers that were never reported stay until all are
 * removed.
 */
import { accountPath } from "../runtime/account-marks.ts";
import { answeredBy } from "../runtime/answered-by.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { DEADLINES } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { removeAll } from "../runtime/r2.ts";

/** R2's least for a part of an upload that is not the last. */
const PIECE_BYTES = 5 * 1024 * 1024;

export class AnswerStore {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;

  constructor(bucket: R2Bucket, account: string, batch: string) {
    this.#bucket = bucket;
    this.#prefix = `batches/${accountPath(account, batch)}/`;
  }

  writer(part: number, token: string): AnswerWriter {
    return new AnswerWriter(this.#bucket, this.#key(part, token));
  }

  /** @throws ServiceError `overloaded`; an error if they are not there */
  async read(
    part: number,
    token: string,
    offset: number,
    length: number,
  ): Promise<ReadableStream<Uint8Array>> {
    const range = { offset, length };
    const object = await answered(DEADLINES.r2, () => this.#bucket.get(this.#key(part, token), { range }));
    if (object === null) throw new Error(`the answers ${part}-${token} are gone`);
    return object.body;
  }

  async removeAll(): Promise<void> {
    await removeAll(this.#bucket, this.#prefix, unreachable);
  }

  #key(part: number, token: string): string {
    return `${this.#prefix}${part}-${token}`;
  }
}

/** Writes an object whose length is not known. What fits into one piece is written at once. */
export class AnswerWriter {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #parts: R2UploadedPart[] = [];
  #uploadId: string | undefined;
  #piece = emptyPiece();
  #bytes = 0;

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#piece.byteLength === PIECE_BYTES) await this.#send();
      const before = this.#piece.byteLength;
      const some = bytes.subarray(at, at + PIECE_BYTES - before);
      this.#piece.resize(before + some.length);
      new Uint8Array(this.#piece).set(some, before);
      at += some.length;
      this.#bytes += some.length;
    }
  }

  async finish(): Promise<void> {
    if (this.#uploadId === undefined) {
      const piece = this.#take();
      await answered(DEADLINES.r2Body, () => this.#bucket.put(this.#key, piece));
      freeBuffer(piece);
      return;
    }
    if (this.#piece.byteLength > 0) await this.#send();
    const upload = this.#bucket.resumeMultipartUpload(this.#key, this.#uploadId);
    await answered(DEADLINES.r2Body, () => upload.complete(this.#parts));
  }

  /** Never throws: R2 ends an upload by itself that nobody completes. */
  async abandon(): Promise<void> {
    this.#piece.resize(0);
    if (this.#uploadId === undefined) return;
    await this.#bucket
      .resumeMultipartUpload(this.#key, this.#uploadId)
      .abort()
      .catch(() => {});
  }

  async #send(): Promise<void> {
    const piece = this.#take();
    this.#uploadId ??= (
      await answered(DEADLINES.r2, () => this.#bucket.createMultipartUpload(this.#key))
    ).uploadId;
    const upload = this.#bucket.resumeMultipartUpload(this.#key, this.#uploadId);
    const { etag, partNumber } = await answered(DEADLINES.r2Body, () =>
      upload.uploadPart(this.#parts.length + 1, piece),
    );
    freeBuffer(piece);
    this.#parts.push({ etag, partNumber });
  }

  #take(): Uint8Array<ArrayBuffer> {
    const piece = new Uint8Array(this.#piece.transferToFixedLength());
    this.#piece = emptyPiece();
    return piece;
  }
}

/** Grows in place. */
function emptyPiece(): ArrayBuffer {
  return new ArrayBuffer(0, { maxByteLength: PIECE_BYTES });
}

async function answered<T>(deadline: number, question: () => Promise<T>): Promise<T> {
  return await answeredBy(deadline, question, unreachable);
}

function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "the answers of batches cannot be reached", { cause });
}
