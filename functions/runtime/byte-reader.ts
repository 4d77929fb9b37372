/** Takes a byte stream apart into pieces of known lengths, without holding more than one of them. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What the last chunk held beyond the last piece. */
  #rest = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next `length` bytes in a buffer of their own; undefined if the stream ends before them. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = new Uint8Array(length);
    let filled = 0;
    for (;;) {
      const taken = this.#rest.subarray(0, length - filled);
      piece.set(taken, filled);
      filled += taken.byteLength;
      this.#rest = this.#rest.subarray(taken.byteLength);
      if (filled === length) return piece;
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = new Uint8Array(value);
    }
  }
}
