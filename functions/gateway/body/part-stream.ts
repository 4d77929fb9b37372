/**
 * A multipart/form-data body (RFC 7578) as a stream of parts whose bytes are passed on as they come.
 * `multipart-form.ts` collects a picture until it is complete; a file of 95 MB is never in memory as a whole.
 */
import { MultipartPart } from "@remix-run/multipart-parser";
import { invalidForm } from "./body-errors.ts";
import { type PartHeader, partHeader } from "./part-header.ts";
import { PreambleSkipper } from "./skip-preamble.ts";

export interface PartTaker {
  begin(header: PartHeader): void | Promise<void>;
  /** @param bytes which nobody else changes or frees */
  take(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  end(): void | Promise<void>;
}

const MAX_HEADER_BYTES = 8_192;
/** Bytes of white space that may follow a boundary (RFC 2046, 5.1.1). */
const MAX_PADDING = 256;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const LINE = Uint8Array.of(0x0d, 0x0a);
const BLANK_LINE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a);

type State = "first boundary" | "after boundary" | "header" | "content" | "over";

export class PartStream {
  readonly #preamble: PreambleSkipper;
  readonly #delimiter: Uint8Array;
  readonly #taker: PartTaker;
  #state: State = "first boundary";
  /** What has come and cannot be told apart yet. */
  #kept: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** @throws ServiceError `invalid_type` for a content type without a boundary */
  constructor(contentType: string, taker: PartTaker) {
    const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;,\s]+))/i.exec(contentType) ?? [];
    const boundary = quoted ?? plain;
    if (boundary === undefined) throw invalidForm("it has no boundary");
    this.#preamble = new PreambleSkipper(boundary);
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#taker = taker;
  }

  /** @throws ServiceError `invalid_type`; whatever the taker throws */
  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    const part = this.#preamble.skip(piece);
    if (part === undefined || this.#state === "over") return;
    let rest: Uint8Array<ArrayBuffer> | undefined = joined(this.#kept, part);
    this.#kept = new Uint8Array();
    while (rest !== undefined) rest = await this.#step(rest);
  }

  /** @throws ServiceError `invalid_type` if the body ended early */
  finish(): void {
    if (this.#state !== "over") throw invalidForm("it ends early");
  }

  /** @returns what is left to be looked at; undefined when more has to come */
  async #step(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    switch (this.#state) {
      case "first boundary":
        this.#state = "after boundary";
        // The line break before it was the preamble's.
        return bytes.subarray(this.#delimiter.length - LINE.length);
      case "after boundary":
        return this.#afterBoundary(bytes);
      case "header":
        return await this.#header(bytes);
      case "content":
        return await this.#content(bytes);
      default:
        return undefined;
    }
  }

  #afterBoundary(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    if (bytes[0] === DASH && bytes[1] === DASH) {
      this.#state = "over";
      return undefined;
    }
    const end = indexOf(bytes, LINE);
    const isHalfDashes = bytes.length === 1 && bytes[0] === DASH;
    const padding = bytes.subarray(0, end === -1 ? bytes.length : end);
    const isPadding = padding.every((byte) => byte === SPACE || byte === TAB || byte === LINE[0]);
    if (!isHalfDashes && (!isPadding || padding.length > MAX_PADDING)) {
      throw invalidForm("a boundary is followed by something else");
    }
    if (end === -1) return this.#keep(bytes);
    this.#state = "header";
    // With the line break, so that a part without headers has a blank line as well.
    return bytes.subarray(end);
  }

  async #header(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const end = indexOf(bytes, BLANK_LINE);
    if ((end === -1 ? bytes.length : end) > MAX_HEADER_BYTES)
      throw invalidForm("a part's headers are too long");
    if (end === -1) return this.#keep(bytes);
    const header = bytes.subarray(LINE.length, Math.max(LINE.length, end));
    await this.#taker.begin(partHeader(new MultipartPart(header, [])));
    this.#state = "content";
    return bytes.subarray(end + BLANK_LINE.length);
  }

  async #content(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const end = indexOf(bytes, this.#delimiter);
    // Only what may be the beginning of a boundary is kept: a piece that is passed on whole can be freed by its taker.
    const sure = end === -1 ? beginOfRest(bytes, this.#delimiter) : end;
    if (sure > 0) await this.#taker.take(bytes.subarray(0, sure));
    if (end === -1) return this.#keep(bytes.subarray(sure));
    await this.#taker.end();
    this.#state = "after boundary";
    return bytes.subarray(end + this.#delimiter.length);
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): undefined {
    this.#kept = bytes.slice();
  }
}

function joined(a: Uint8Array, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Where `wanted` begins first; -1 if it does not. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}

/** Where the beginning of `wanted` stands at the end of the bytes; their length if it does not. */
function beginOfRest(bytes: Uint8Array, wanted: Uint8Array): number {
  let at = Math.max(0, bytes.length - wanted.length + 1);
  while (at < bytes.length && !bytes.subarray(at).every((byte, i) => byte === wanted[i])) at++;
  return at;
}
