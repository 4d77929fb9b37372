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
 * Parts of a batch. An invocation may ask R2 10,000 times, and the end of a batch asks twice for each part, and again for
 * those that were answered in several goes, or cut in two (`state/failing-parts.ts`).
 */
export const MAX_PARTS = 4_000;
/** Pictures and texts that a request may compute (`gateway/limits.ts`); one with more is refused and costs nothing. */
const MOST_EXAMPLES = 16;
const MOST_TEXTS = 2_048;
/** Characters of texts that are remembered because other lines may have the same. */
const REMEMBERED_LENGTH = 4_000_000;

export class PartCutter {
  readonly #sameTexts = new Set<string>();
  #remembered = 0;
  #part: NewPart | undefined;
  #milliseconds = 0;
  #parts = 0;

  /** Parts so far. */
  get parts(): number {
    return this.#parts;
  }

  /** @returns the part before, if the line begins a new one */
  add({ offset, length }: Line, line: CheckedLine): NewPart | undefined {
    const milliseconds = this.#costOf(line);
    const ended =
      this.#part !== undefined && this.#isFull(this.#part, milliseconds, length) ? this.end() : undefined;
    // A line's place is counted from the part's first byte, blank lines between them included.
    this.#part ??= this.#begin(offset);
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

  #begin(offset: number): NewPart {
    this.#parts++;
    return { offset, bytes: 0, customIds: [] };
  }

  #isFull({ bytes, customIds }: NewPart, milliseconds: number, length: number): boolean {
    if (customIds.length >= MAX_LINES || bytes + length > MAX_BYTES) return true;
    return this.#milliseconds + milliseconds > PART_MS;
  }

  #costOf({ images, examples, texts, sameTexts }: CheckedLine): number {
    const isKnown = sameTexts !== null && this.#isKnown(sameTexts);
    const pictures = images + (isKnown ? 0 : Math.min(examples, MOST_EXAMPLES));
    return IMAGE_MS * pictures + (isKnown ? 0 : TEXT_MS * Math.min(texts, MOST_TEXTS));
  }

  #isKnown(texts: string): boolean {
    if (this.#sameTexts.has(texts)) return true;
    if (this.#remembered + texts.length <= REMEMBERED_LENGTH) {
      this.#sameTexts.add(texts);
      this.#remembered += texts.length;
    }
    return false;
  }
}
