/** Cuts the lines of an input into parts that take about the same time. */
import type { NewPart } from "../batches/batch-state-rpc.ts";
import type { Line } from "../batches/read-lines.ts";
import type { CheckedLine } from "./check-line.ts";

/** Milliseconds of the towers for a picture and for a text, roughly, and for a part. */
const IMAGE_MS = 500;
const TEXT_MS = 20;
const PART_MS = 16_000;
/** Bytes of a part that is more than one line, and its lines. */
const MAX_BYTES = 4_000_000;
const MAX_LINES = 256;
/**
 * Parts of a batch, roughly. An invocation may ask R2 10,000 times, and the end of a batch asks twice for each part, and
 * again for those that were answered in several goes.
 */
const MAX_PARTS = 3_000;
/** Texts that are remembered, and the characters of one: whoever sends other texts with each line gains nothing. */
const REMEMBERED = 64;
const REMEMBERED_LENGTH = 50_000;

export class PartCutter {
  readonly #leastBytes: number;
  readonly #sameTexts = new Set<string>();
  #part: NewPart | undefined;
  #milliseconds = 0;

  /** @param bytes of the input */
  constructor(bytes: number) {
    this.#leastBytes = bytes / MAX_PARTS;
  }

  /** @returns the part before, if the line begins a new one */
  add({ offset, length }: Line, line: CheckedLine): NewPart | undefined {
    const milliseconds = this.#costOf(line);
    const ended =
      this.#part !== undefined && this.#isFull(this.#part, milliseconds, length) ? this.end() : undefined;
    // A line's place is counted from the part's first byte, blank lines between them included.
    this.#part ??= { offset, bytes: 0, customIds: [] };
    this.#part.bytes = offset + length - this.#part.offset;
    this.#part.customIds.push(line.customId);
    this.#milliseconds += milliseconds;
    return ended;
  }

  /** @returns the last part */
  end(): NewPart | undefined {
    const part = this.#part;
    this.#part = undefined;
    this.#milliseconds = 0;
    return part;
  }

  #isFull({ bytes, customIds }: NewPart, milliseconds: number, length: number): boolean {
    if (customIds.length >= MAX_LINES || bytes + length > MAX_BYTES) return true;
    return this.#milliseconds + milliseconds > PART_MS && bytes >= this.#leastBytes;
  }

  #costOf({ images, texts, sameTexts }: CheckedLine): number {
    const isKnown = sameTexts !== null && this.#isKnown(sameTexts);
    return IMAGE_MS * images + (isKnown ? 0 : TEXT_MS * texts) + 1;
  }

  #isKnown(texts: string): boolean {
    if (this.#sameTexts.has(texts)) return true;
    if (this.#sameTexts.size < REMEMBERED && texts.length <= REMEMBERED_LENGTH) this.#sameTexts.add(texts);
    return false;
  }
}
