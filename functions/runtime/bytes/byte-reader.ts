/**
 * Reads exact numbers of bytes from a byte stream, either piece by piece as chunks arrive or collected in one buffer.
 * The memory of a chunk is freed as soon as it has been read: if all chunks waited for the garbage collector, they
 * would take as much memory as the whole stream.
 */
import { freeBuffer } from "./free-buffer.ts";

/**
 * Bytes to ask for at once, if the stream supports it. Otherwise workerd gives 4 kB at a time, each with objects of its
 * own.
 */
const READ_BYTES = 65_536;

interface Chunks {
  /** @param most bytes to ask for, if the stream supports it */
  next(most: number): Promise<IteratorResult<Uint8Array, unknown>>;
  return?(): Promise<unknown>;
}

export class ByteReader {
  readonly #chunks: Chunks;
  readonly #readsAhead: boolean;
  #chunk = new Uint8Array(0);
  /** Bytes of the chunk that have been read. */
  #taken = 0;

  /**
   * @param read `wanted`: no byte is asked for before it is wanted, and no buffer is made for more than that. So nothing
   * is held while the next bytes take their time
   */
  constructor(stream: ReadableStream<Uint8Array>, read: "ahead" | "wanted" = "ahead") {
    this.#chunks = byteReader(stream) ?? stream[Symbol.asyncIterator]();
    this.#readsAhead = read === "ahead";
  }

  /**
   * Reads the next `length` bytes piece by piece.
   * @param sink must copy the piece, whose memory is freed afterwards; `offset` counts from the first of the `length`
   * bytes
   * @returns false if the stream ends before them
   */
  async take(length: number, sink: (piece: Uint8Array, offset: number) => void): Promise<boolean> {
    for (let offset = 0; offset < length;) {
      if (this.#taken >= this.#chunk.length && !(await this.#next(length - offset))) return false;
      const piece = this.#chunk.subarray(this.#taken, this.#taken + length - offset);
      sink(piece, offset);
      this.#taken += piece.length;
      offset += piece.length;
    }
    return true;
  }

  /**
   * The next `length` bytes as they arrive, fewer if the stream ends before them. A piece is freed when the next one is
   * asked for; its taker may free it before.
   */
  async *pieces(length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = length; left > 0;) {
      // It may be shorter than what was taken of it if it was freed.
      if (this.#taken >= this.#chunk.length && !(await this.#next(left))) return;
      const piece = this.#chunk.subarray(this.#taken, this.#taken + left);
      this.#taken += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  /** The next `length` bytes in a buffer of their own; undefined if the stream ends before them. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(length);
    const complete = await this.take(length, (piece, offset) => bytes.set(piece, offset));
    return complete ? bytes : undefined;
  }

  /** Whoever stops before the end calls it, so that the rest does not wait to be read. */
  async cancel(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Frees the chunk and waits for the next one. @returns false at the end */
  async #next(wanted: number): Promise<boolean> {
    freeBuffer(this.#chunk);
    const most = this.#readsAhead ? READ_BYTES : Math.min(READ_BYTES, wanted);
    const { done, value } = await this.#chunks.next(most);
    this.#chunk = done === true ? new Uint8Array(0) : (value as Uint8Array<ArrayBuffer>);
    this.#taken = 0;
    return done !== true;
  }
}

/** Undefined if the stream is not a byte stream. */
function byteReader(stream: ReadableStream<Uint8Array>): Chunks | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
  return {
    next: async (most) => {
      const { done, value } = await reader.read(new Uint8Array(most));
      return done ? { done, value: undefined } : { done, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
