/**
 * A file that comes in pieces of any size. They are collected in parts of the size that R2 wants, and a part is sent as
 * soon as it is known not to be the last, so that no more than one is in memory.
 */
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import type { AccountFiles } from "./account-files.ts";
import type { FileObject } from "./account-files-rpc.ts";
import { type FileDetails, PART_BYTES, Upload } from "./upload.ts";

/** Asked before memory is taken, and told when it is free again. */
export interface Room {
  growTo(bytes: number): Promise<void>;
  shrinkTo(bytes: number): void;
}

export class FileWriter {
  readonly #upload: Upload;
  readonly #room: Room | undefined;
  #part = emptyPart();
  #bytes = 0;

  /** @param maxStored bytes that the account's files may have together */
  constructor(files: AccountFiles, maxStored: number, room?: Room) {
    this.#upload = new Upload(files, maxStored);
    this.#room = room;
    this.#part.resize(this.#upload.prefix.length);
    new Uint8Array(this.#part).set(this.#upload.prefix);
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param most bytes that the file will have, as far as is known: the account keeps so many free for it
   * @throws ServiceError `storage_limit_exceeded`, `overloaded`; whatever the room throws
   */
  async write(piece: Uint8Array, most: number): Promise<void> {
    await this.#upload.touch();
    for (let at = 0; at < piece.length;) {
      // Only now is it known not to be the last.
      if (this.#part.byteLength === PART_BYTES) await this.#send(most);
      const before = this.#part.byteLength;
      const next = piece.subarray(at, at + PART_BYTES - before);
      await this.#room?.growTo(before + next.length);
      this.#part.resize(before + next.length);
      new Uint8Array(this.#part).set(next, before);
      this.#bytes += next.length;
      at += next.length;
    }
  }

  /**
   * Makes the file, which must not be empty.
   * @throws ServiceError `storage_limit_exceeded`, `overloaded`
   */
  async finish(details: FileDetails): Promise<FileObject> {
    const rest = this.#takePart();
    try {
      return await this.#upload.finish(rest, details);
    } finally {
      freeBuffer(rest);
    }
  }

  /** Leaves nothing behind, after whatever failed. Never throws: what cannot be cleared now is left to the sweep. */
  async abandon(): Promise<void> {
    this.drop();
    await this.#upload.abandon();
  }

  /** Frees what has come and was not sent. */
  drop(): void {
    this.#part.resize(0);
    this.#room?.shrinkTo(0);
  }

  async #send(most: number): Promise<void> {
    const part = this.#takePart();
    try {
      await this.#upload.add(part, most);
    } finally {
      freeBuffer(part);
    }
    // Others may be waiting for room.
    this.#room?.shrinkTo(0);
  }

  #takePart(): Uint8Array<ArrayBuffer> {
    const part = new Uint8Array(this.#part.transferToFixedLength());
    this.#part = emptyPart();
    return part;
  }
}

/** Grows in place. */
function emptyPart(): ArrayBuffer {
  return new ArrayBuffer(0, { maxByteLength: PART_BYTES });
}
