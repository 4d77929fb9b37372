/** Cuts the lines of an input into parts that take about the same time. */
import type { NewPart } from "../../batches/batch-state-rpc.ts";
import type { Line } from "../../batches/read-lines.ts";
import type { CheckedLine } from "./check-line.ts";

/** Milliseconds of the towers for a picture and for a text, roughly, and for a part. */
const IMAGE_MS = 500;
const TEXT_MS = 20;
const PART_MS = 16_000;
/** Bytes of a part that is more than one line, and its lines. */
const MAX_BYTES = 4_000_000;
const MAX_LINES = 256;
/**
 * Pictures that a part decodes: 21 MB of the gateway's memory at 384 pixels, if all are decoded before the first is at
 * the image tower. Each line decodes its own, also those that other lines have, too, unless the deployment's cache of
 * pictures has them; then it is fewer.
 */
const MAX_DECODED = 48;
/**
 * Parts of a batch. An invocation may ask R2 10,000 times, and the end of a batch asks twice for each part, and again
 * for those that were answered in several goes, or cut in two (`state/batch/failing-parts.ts`).
 */
export const MAX_PARTS = 4_000;
/**
 * Pictures and texts that a request may compute, as `gateway/limits.ts` says; one with more is refused and costs
 * nothing.
 */
export const MAX_EXAMPLES = 16;
export const MAX_TEXTS = 2_048;
/** Texts of a part that are at least kept for the next: a part writes no more to KV (`coalesced-calls/part-cache.ts`). */
const KEPT_TEXTS = 500;
/** Characters of texts that are remembered because other lines may have the same. */
const REMEMBERED_LENGTH = 4_000_000;

export class PartCutter {
  /** Texts that several lines may have, and how many parts compute them. */
  readonly #sameTexts = new Map<string, number>();
  #remembered = 0;
  #part: OpenPart | undefined;
  /** How many so far. */
  #parts = 0;
  #images = 0;
  #examples = 0;

  /** Why the lines so far are too many; undefined if they are not. */
  get excess(): string | undefined {
    if (this.#parts <= MAX_PARTS) return undefined;
    if (this.#examples <= this.#images) {
      return "the lines have more pictures and texts than a batch can answer in time; make several of it";
    }
    return (
      "the labels' examples are decoded again for each line, and with the pictures they are more than a batch can " +
      "answer in time; store the labels with their examples once and send label_set, or make several batches"
    );
  }

  /** @returns the part before, if the line begins a new one */
  add({ offset, length }: Line, line: CheckedLine): NewPart | undefined {
    const end = offset + length;
    const open = this.#part;
    const ended =
      open !== undefined && isFull(open, line, this.#textsOf(line, open), end) ? this.end() : undefined;
    const part = (this.#part ??= this.#begin(offset));
    // A line's place is counted from the part's first byte, blank lines between them included.
    part.made.bytes = end - part.made.offset;
    part.made.customIds.push(line.customId);
    part.milliseconds += costOf(part, line, this.#textsOf(line, part));
    part.decoded += decodedOf(line);
    this.#remember(line, part);
    this.#images += line.images;
    this.#examples += examplesOf(line);
    if (line.sameTexts !== null && line.examples > 0) part.taught.add(line.sameTexts);
    return ended;
  }

  /** @returns the last part */
  end(): NewPart | undefined {
    const part = this.#part;
    this.#part = undefined;
    return part?.made;
  }

  #begin(offset: number): OpenPart {
    this.#parts++;
    const made = { offset, bytes: 0, customIds: [] };
    return { made, milliseconds: 0, decoded: 0, texts: new Set(), taught: new Set() };
  }

  /** Texts that are computed for the line: not those that the part has, or that parts before it have kept. */
  #textsOf({ texts, sameTexts }: CheckedLine, part: OpenPart): number {
    const computed = Math.min(texts, MAX_TEXTS);
    if (sameTexts === null) return computed;
    const isKept = (this.#sameTexts.get(sameTexts) ?? 0) * KEPT_TEXTS >= computed;
    return isKept || part.texts.has(sameTexts) ? 0 : computed;
  }

  #remember({ sameTexts }: CheckedLine, part: OpenPart): void {
    if (sameTexts === null || part.texts.has(sameTexts)) return;
    part.texts.add(sameTexts);
    const parts = this.#sameTexts.get(sameTexts) ?? 0;
    if (parts === 0) {
      if (this.#remembered + sameTexts.length > REMEMBERED_LENGTH) return;
      this.#remembered += sameTexts.length;
    }
    this.#sameTexts.set(sameTexts, parts + 1);
  }
}

interface OpenPart {
  made: NewPart;
  /** Milliseconds of the towers, roughly. */
  milliseconds: number;
  decoded: number;
  /** Texts that it computes, or has from the cache, for several lines. */
  texts: Set<string>;
  /** Labels whose examples it has: within a part, equal pictures are computed once. */
  taught: Set<string>;
}

/** @param end of the line, in the input */
function isFull(part: OpenPart, line: CheckedLine, texts: number, end: number): boolean {
  const { offset, customIds } = part.made;
  if (customIds.length >= MAX_LINES || end - offset > MAX_BYTES) return true;
  if (part.decoded + decodedOf(line) > MAX_DECODED) return true;
  return part.milliseconds + costOf(part, line, texts) > PART_MS;
}

/** @returns milliseconds of the towers */
function costOf({ taught }: OpenPart, line: CheckedLine, texts: number): number {
  const { images, sameTexts } = line;
  const isTaught = sameTexts !== null && taught.has(sameTexts);
  return IMAGE_MS * (images + (isTaught ? 0 : examplesOf(line))) + TEXT_MS * texts;
}

function decodedOf(line: CheckedLine): number {
  return line.images + examplesOf(line);
}

function examplesOf({ examples }: CheckedLine): number {
  return Math.min(examples, MAX_EXAMPLES);
}
