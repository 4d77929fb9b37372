/**
 * What a JSON text will take in memory, found out while it arrives: 16 MB of `{},{},…` would be 170 MB of objects. The
 * text is only looked through, not parsed; what is no JSON is left for the parser to refuse.
 *
 * The weights were measured in workerd (V8 with compressed pointers) and are those of the costliest kind: a key that no
 * object had before costs several times one that all have.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { LIFTED_LENGTH } from "./lift-strings.ts";

/** Bytes. An object without fields: 28 and the reference to it. */
const OBJECT = 32;
const ARRAY = 24;
/** What each field adds: its place, and at worst a shape of its own for the object. */
const FIELD = 72;
/** An element's place, twice, since validation copies lists; a number in a mixed list is an object of 12. */
const ELEMENT = 16;
/** A string besides its characters. */
const STRING = 20;

/** No body of the API is nested more than ten deep. */
const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_U = 0x75;

interface StringSoFar {
  bytes: number;
  characters: number;
  isWide: boolean;
}

/** UTF-8: not the first byte of a character. */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
/** UTF-8: begins a character beyond U+00FF. V8 then takes two bytes for each of the string's characters. */
const isBeyondLatin1 = (byte: number): boolean => byte >= 0xc4;

export class JsonWeight {
  /** Of the values, once parsed. */
  #values = 0;
  /** Bytes of the text that are not in strings to be lifted out, and its characters. */
  #bytes = 0;
  #characters = 0;
  #isWide = false;
  /** Bytes in strings to be lifted out. */
  #lifted = 0;
  #depth = 0;
  /** Of the string that the text is in, bytes and characters; undefined outside of strings. */
  #string: StringSoFar | undefined;
  #isEscaped = false;

  /** Bytes of the strings that `liftStrings` will take out. */
  get lifted(): number {
    return this.#lifted + (this.#isLifted() ? (this.#string?.bytes ?? 0) : 0);
  }

  /** What the values will take, without the strings that are lifted out. */
  get values(): number {
    return this.#values;
  }

  /** The most that the text and what is parsed from it will take together. The text's bytes go when its string is made. */
  get parsing(): number {
    const inString = this.#isLifted() ? 0 : (this.#string?.bytes ?? 0);
    const text = (this.#isWide ? 2 : 1) * this.#characters;
    return text + Math.max(this.#bytes + inString, this.#values);
  }

  /**
   * Looks through the text's next piece.
   * @throws ServiceError `invalid_json` for a text that is nested too deep
   */
  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      at = this.#string === undefined ? this.#outside(piece, at) : this.#inside(piece, at, this.#string);
    }
  }

  /** @returns where the next string begins, or the piece ends */
  #outside(piece: Uint8Array, start: number): number {
    let at = start;
    while (at < piece.length) {
      const byte = piece[at++];
      if (byte === COMMA) this.#values += ELEMENT;
      else if (byte === COLON) this.#values += FIELD;
      else if (byte === OPEN_OBJECT) this.#open(OBJECT);
      else if (byte === OPEN_LIST) this.#open(ARRAY);
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#depth--;
      else if (byte === QUOTE) {
        this.#string = { bytes: 0, characters: 0, isWide: false };
        break;
      }
    }
    this.#bytes += at - start;
    this.#characters += at - start;
    return at;
  }

  #open(weight: number): void {
    this.#values += weight;
    if (++this.#depth > MAX_DEPTH) {
      throw new ServiceError("invalid_json", `the request's JSON is nested more than ${MAX_DEPTH} deep`);
    }
  }

  /** @returns where the string ends, or the piece */
  #inside(piece: Uint8Array, start: number, string: StringSoFar): number {
    for (let at = this.#skip(piece, start, string); at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (byte === QUOTE && !this.#isEscaped) {
        this.#close(string);
        return at + 1;
      }
      // An escaped character may be any.
      if (this.#isEscaped && byte === LETTER_U) string.isWide = true;
      this.#isEscaped = byte === BACKSLASH && !this.#isEscaped;
      string.bytes++;
      if (!isContinuation(byte)) string.characters++;
      if (isBeyondLatin1(byte)) {
        string.isWide = true;
        this.#isWide = true;
      }
    }
    return piece.length;
  }

  /** Of a string that will be lifted out, only where it ends is still to be found. @returns how far that was easy */
  #skip(piece: Uint8Array, start: number, string: StringSoFar): number {
    if (!this.#isLifted() || this.#isEscaped) return start;
    const quote = piece.indexOf(QUOTE, start);
    const backslash = piece.indexOf(BACKSLASH, start);
    const end = quote === -1 ? piece.length : quote;
    const at = backslash === -1 ? end : Math.min(end, backslash);
    string.bytes += at - start;
    return at;
  }

  #isLifted(): boolean {
    return this.#string !== undefined && this.#string.bytes >= LIFTED_LENGTH;
  }

  #close({ bytes, characters, isWide }: StringSoFar): void {
    if (this.#isLifted()) this.#lifted += bytes;
    else {
      this.#bytes += bytes;
      this.#characters += characters;
      this.#values += STRING + (isWide ? 2 : 1) * characters;
    }
    this.#string = undefined;
  }
}
