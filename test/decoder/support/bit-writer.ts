/** Writes bits into bytes, highest first, with the codes of HEVC's headers (ITU-T H.265, 9.2). */
export class BitWriter {
  readonly #bits: number[] = [];

  /** An unsigned number of `count` bits. */
  u(count: number, value: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.#bits.push(Math.floor(value / 2 ** bit) % 2);
    return this;
  }

  /** An Exponential-Golomb code. */
  ue(...values: number[]): this {
    for (const value of values) {
      const length = Math.floor(Math.log2(value + 1));
      this.u(length, 0).u(length + 1, value + 1);
    }
    return this;
  }

  /** A 1 bit, then zeros up to the next byte. */
  bytes(): number[] {
    this.u(1, 1);
    while (this.#bits.length % 8 !== 0) this.#bits.push(0);
    return Array.from({ length: this.#bits.length / 8 }, (_, i) =>
      this.#bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0),
    );
  }
}
