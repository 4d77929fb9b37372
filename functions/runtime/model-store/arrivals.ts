/** Parts of a model on their way: pieces are written where they belong, and a part that is whole is verified. */
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { withDeadline } from "../deadline.ts";
import type { ExpectedBytes, OnProgress } from "./read-verified.ts";
import type { Slice } from "./slices.ts";

/** A file, or a range of one that has a hash of its own. */
export interface Part extends ExpectedBytes {
  file: string;
}

/** Some of a part. */
export interface Piece extends Slice {
  /** The part's. */
  index: number;
}

/** Gives the view anew each time: a WASM memory that grows detaches views. */
export type Place = () => Uint8Array<ArrayBuffer>;

export interface Receiver {
  parts: readonly Part[];
  /** Where a part's bytes go; resolves once there is room for it. */
  place(index: number): Promise<Place>;
  /** Called before every write; what it throws ends the download. */
  onProgress: OnProgress;
}

/** A stream that broke off, ended early or was silent. */
export class BrokenStreamError extends Error {}

/** Bytes taken from a stream at a time. What comes is often less, and costs a call each. */
const TAKEN_BYTES = 131_072;

export class Arrivals {
  /** Settled once the part is in its place and verified, or is not to be had. */
  readonly done: readonly PromiseWithResolvers<void>[];
  readonly #receiver: Receiver;
  /** Bytes of each part that have not arrived. */
  readonly #missing: number[];
  #ended: { error: unknown } | undefined;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    this.#missing = receiver.parts.map(({ bytes }) => bytes);
    this.done = receiver.parts.map(() => Promise.withResolvers<void>());
    // One that fails while an earlier one is awaited is told when its turn comes.
    for (const { promise } of this.done) promise.catch(() => {});
  }

  part(index: number): Part {
    const part = this.#receiver.parts[index];
    if (part === undefined) throw new Error(`there is no part ${index}`);
    return part;
  }

  /** Nothing is written from now on. */
  end(error: unknown): void {
    this.#ended ??= { error };
    for (const { reject } of this.done) reject(error);
  }

  /**
   * Takes pieces from a stream that consists of them, each of them off `pieces` once it has arrived.
   * @param silence milliseconds
   * @param verify what to do with a part that is whole
   * @throws BrokenStreamError; what `place`, `onProgress` or `verify` throws
   */
  async take(
    body: ReadableStream<Uint8Array>,
    pieces: Piece[],
    silence: number,
    verify: (index: number) => Promise<void>,
  ): Promise<void> {
    const reader = body.getReader({ mode: "byob" });
    try {
      let buffer = new Uint8Array(TAKEN_BYTES);
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
            throw new BrokenStreamError(`it ended after ${filled} of ${piece.length} bytes`);
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
      // Not waited for: a stream that is silent may be so about this as well.
      reader.cancel().catch(() => {});
    }
  }

  /** Whether a part has the hash that it should have. */
  async isRight(index: number): Promise<boolean> {
    const place = await this.#receiver.place(index);
    return (await sha256Hex(place())) === this.part(index).sha256;
  }

  /** A part is to come again. */
  expectAgain(index: number): void {
    this.#missing[index] = this.part(index).bytes;
  }

  #write(place: Place, bytes: Uint8Array, offset: number): void {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#receiver.onProgress();
    place().set(bytes, offset);
  }
}
