/** Reads the boxes of an ISO base media file (ISO/IEC 14496-12, 4.2). Reading beyond the end throws RangeError. */
import { fourCharacters } from "../formats/four-characters.ts";

export interface Box {
  type: string;
  content: DataView;
  /** The box with its header. */
  whole: DataView;
}

/**
 * The most boxes that are read of one parent: more than any picture has, and few enough to list. A box takes 8 bytes, so
 * a file may have millions.
 */
const MAX_BOXES = 10_000;

/** Bytes of version and flags, which come before the content of a full box. */
export const FULL_BOX_BYTES = 4;

/**
 * The boxes inside another box or inside the file.
 * @throws RangeError if there are more than any picture has
 */
export function* boxes(parent: DataView): Generator<Box> {
  let count = 0;
  for (let at = 0; at + 8 <= parent.byteLength;) {
    if (++count > MAX_BOXES) throw new RangeError("too many boxes");
    const type = fourCharacters(parent, at + 4);
    const short = parent.getUint32(at);
    const header = short === 1 ? 16 : 8;
    // Size 0: up to the end. Size 1: a 64-bit length follows.
    const size =
      short === 0 ? parent.byteLength - at : short === 1 ? Number(parent.getBigUint64(at + 8)) : short;
    if (size < header) return;
    const end = Math.min(at + size, parent.byteLength);
    yield { type, content: within(parent, at + header, end), whole: within(parent, at, end) };
    at += size;
  }
}

export function child(parent: DataView, wanted: string): DataView | undefined {
  for (const { type, content } of boxes(parent)) if (type === wanted) return content;
  return undefined;
}

export function within(
  { buffer, byteOffset, byteLength }: DataView,
  start: number,
  end = byteLength,
): DataView {
  if (start > end || end > byteLength) throw new RangeError("outside the box");
  return new DataView(buffer, byteOffset + start, end - start);
}

/** A range of the file, bytes. Unlike a view it stays valid when the memory that holds the file moves. */
export interface Range {
  start: number;
  end: number;
}

export function rangeOf(part: DataView, file: DataView): Range {
  const start = part.byteOffset - file.byteOffset;
  return { start, end: start + part.byteLength };
}

/** Reads fields one after another; all are big-endian. */
export class FieldReader {
  readonly view: DataView;
  #at: number;

  constructor(view: DataView, at = 0) {
    this.view = view;
    this.#at = at;
  }

  /** @param bytes 0 to 8; a field of 0 bytes is 0 */
  unsigned(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.view.getUint8(this.#at++);
    return value;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  type(): string {
    this.#at += 4;
    return fourCharacters(this.view, this.#at - 4);
  }
}
