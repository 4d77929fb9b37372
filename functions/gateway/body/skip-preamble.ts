/**
 * Skips the preamble, which is whatever comes before a form's first boundary, such as a line break. It has no meaning
 * (RFC 2046, section 5.1.1).
 */

const LINE_FEED = 0x0a;

export class PreambleSkipper {
  readonly #boundary: Uint8Array;
  /** The last bytes so far, as long as they may be the beginning of the boundary. */
  #tail: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #isAtStart = true;
  #isOver = false;

  /** @param boundary without the two leading hyphens */
  constructor(boundary: string) {
    this.#boundary = new TextEncoder().encode(`--${boundary}`);
  }

  /** @returns the piece from the first boundary on; undefined until one was found */
  skip(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    if (this.#isOver) return piece;
    const bytes = new Uint8Array(this.#tail.length + piece.length);
    bytes.set(this.#tail);
    bytes.set(piece, this.#tail.length);
    for (let at = 0; at + this.#boundary.length <= bytes.length; at++) {
      const isLineStart = at === 0 ? this.#isAtStart : bytes[at - 1] === LINE_FEED;
      if (!isLineStart || !this.#isBoundaryAt(bytes, at)) continue;
      this.#isOver = true;
      return bytes.subarray(at);
    }
    // Include the byte before the boundary, which shows whether it begins a line.
    const cut = Math.max(0, bytes.length - this.#boundary.length);
    this.#isAtStart &&= cut === 0;
    this.#tail = bytes.slice(cut);
    return undefined;
  }

  #isBoundaryAt(bytes: Uint8Array, at: number): boolean {
    return this.#boundary.every((byte, i) => bytes[at + i] === byte);
  }
}
