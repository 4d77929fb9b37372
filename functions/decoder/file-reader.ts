/** Cuts a byte stream into files of known lengths. */
export class FileReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** What the last piece held beyond the last file. */
  #rest = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** The next `length` bytes; undefined if the stream ends before them. */
  async read(length: number): Promise<Uint8Array | undefined> {
    const file = new Uint8Array(length);
    let filled = 0;
    for (;;) {
      const taken = this.#rest.subarray(0, length - filled);
      file.set(taken, filled);
      filled += taken.byteLength;
      this.#rest = this.#rest.subarray(taken.byteLength);
      if (filled === length) return file;
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      this.#rest = new Uint8Array(value);
    }
  }
}
