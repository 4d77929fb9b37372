/**
 * Takes a byte stream in measured amounts and hands over its chunks as they are, without collecting them first. What
 * has been handed over is given back at once: a file in chunks that wait for the garbage collector weighs as much as
 * the file.
 */
import { freeBuffer } from "../runtime/free-buffer.ts";

export class ByteTaker {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk = new Uint8Array(0);
  /** How much of the chunk has been taken. */
  #taken = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
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
}
