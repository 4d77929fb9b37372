/**
 * Takes a byte stream in measured amounts: piece by piece as its chunks come, or collected. A chunk that has been taken
 * is given back at once: chunks that wait for the garbage collector weigh as much as all that came in them.
 */
import { freeBuffer } from "./free-buffer.ts";

/** Bytes asked for at once, where the stream lets us ask: else workerd hands out 4 kB, each with objects of its own. */
const READ_BYTES = 65_536;

export class ByteTaker {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk = new Uint8Array(0);
  /** How much of the chunk has been taken. */
  #taken = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = byteReader(stream) ?? stream[Symbol.asyncIterator]();
  }

  /**
   * Takes the next `length` bytes.
   * @param sink must copy what it is given; `offset` counts from the first of the `length` bytes
   * @returns false if the stream ends before them
   */
  async take(length: number, sink: (piece: Uint8Array, offset: number) => void): Promise<boolean> {
    for (let offset = 0; offset < length;) {
      if (this.#taken === this.#chunk.length) {
        freeBuffer(this.#chunk);
        const { done, value } = await this.#chunks.next();
        this.#chunk = done === true ? new Uint8Array(0) : (value as Uint8Array<ArrayBuffer>);
        this.#taken = 0;
        if (done === true) return false;
      }
      const piece = this.#chunk.subarray(this.#taken, this.#taken + length - offset);
      sink(piece, offset);
      this.#taken += piece.length;
      offset += piece.length;
    }
    return true;
  }

  /** The next `length` bytes in a buffer of their own; undefined if the stream ends before them. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(length);
    const complete = await this.take(length, (piece, offset) => bytes.set(piece, offset));
    return complete ? bytes : undefined;
  }
}

/** Undefined for a stream that is not one of bytes. */
function byteReader(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
  return {
    next: async () => {
      const { done, value } = await reader.read(new Uint8Array(READ_BYTES));
      return done ? { done, value: undefined } : { done, value };
    },
  };
}
