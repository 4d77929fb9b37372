/** Receives parts of a model. Each piece is written to its place, and each complete part is verified. */
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { withDeadline } from "../deadline.ts";
import { freeBuffer } from "../bytes/free-buffer.ts";
import type { ExpectedBytes, OnProgress } from "./read-verified.ts";
import type { Slice } from "./slices.ts";

/** A file, or a range of a file that has its own hash. */
export interface Part extends ExpectedBytes {
  file: string;
}

/** A piece of a part. */
export interface Piece extends Slice {
  /** Index of the part. */
  index: number;
}

/** Returns a new view at each call, because a WASM memory detaches its views when it grows. */
export type Place = () => Uint8Array<ArrayBuffer>;

export interface Receiver {
  parts: readonly Part[];
  /** Resolves to the place of a part's bytes once there is room for them. */
  place(index: number): Promise<Place>;
  /** Called before every write; what it throws ends the download. */
  onProgress: OnProgress;
}

/** A stream failed, ended early or was silent. */
export class BrokenStreamError extends Error {}

/** A stream ended early, as if that were its end. */
export class EndedEarlyError extends BrokenStreamError {}

/** Bytes to collect from a stream before they are processed: chunks are often smaller, and each would cost a call. */
const TAKEN_BYTES = 131_072;

export class Arrivals {
  /** Resolved once the part is in its place and verified; rejected if it cannot be read. */
  readonly done: readonly PromiseWithResolvers<void>[];
  readonly #receiver: Receiver;
  /** Number of bytes of each part that have not arrived. */
  readonly #missing: number[];
  #ended: { error: unknown } | undefined;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    this.#missing = receiver.parts.map(({ bytes }) => bytes);
    this.done = receiver.parts.map(() => Promise.withResolvers<void>());
    // Prevents unhandled rejections: a part that fails while an earlier one is awaited is reported when its turn comes.
    for (const { promise } of this.done) promise.catch(() => {});
  }

  part(index: number): Part {
    const part = this.#receiver.parts[index];
    if (part === undefined) throw new Error(`there is no part ${index}`);
    return part;
  }

  /** Ends the download; nothing is written any more. */
  end(error: unknown): void {
    this.#ended ??= { error };
    for (const { reject } of this.done) reject(error);
  }

  /**
   * Reads pieces from a stream that consists of them. Each is removed from `pieces` once it has arrived.
   * @param silence milliseconds without data after which the stream counts as broken
   * @param verify called with each complete part
   * @throws BrokenStreamError; what `place`, `onProgress` or `verify` throws
   */
  async take(
    body: ReadableStream<Uint8Array>,
    pieces: Piece[],
    silence: number,
    verify: (index: number) => Promise<void>,
  ): Promise<void> {
    const reader = body.getReader({ mode: "byob" });
    let buffer = new Uint8Array(TAKEN_BYTES);
    try {
      for (let [piece] = pieces; piece !== undefined; [piece] = pieces) {
        const place = await this.#receiver.place(piece.index);
        const start = piece.offset - (this.part(piece.index).offset ?? 0);
        for (let filled = 0; filled < piece.length;) {
          const room = buffer.subarray(0, Math.min(TAKEN_BYTES, piece.length - filled));
          const { value, done } = await withDeadline(silence, () => reader.read(room)).catch(
            (cause: unknown) => {
              throw new BrokenStreamError("reading it failed", { cause });
            },
          );
          if (value === undefined || done) {
            throw new EndedEarlyError(`it ended after ${filled} of ${piece.length} bytes`);
          }
          this.#write(place, value, start + filled);
          filled += value.byteLength;
          buffer = new Uint8Array(value.buffer);
        }
        pieces.shift();
        if ((this.#missing[piece.index] = (this.#missing[piece.index] ?? 0) - piece.length) === 0) {
          await verify(piece.index);
          this.done[piece.index]?.resolve();
        }
      }
    } finally {
      freeBuffer(buffer);
      // Not awaited, because a silent stream may not answer this either.
      reader.cancel().catch(() => {});
    }
  }

  /** True if a part has the expected hash. */
  async isRight(index: number): Promise<boolean> {
    const place = await this.#receiver.place(index);
    return (await sha256Hex(place())) === this.part(index).sha256;
  }

  /** Expects all bytes of a part again. */
  expectAgain(index: number): void {
    this.#missing[index] = this.part(index).bytes;
  }

  #write(place: Place, bytes: Uint8Array, offset: number): void {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#receiver.onProgress();
    place().set(bytes, offset);
  }
}
