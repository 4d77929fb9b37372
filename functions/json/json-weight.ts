/**
 * Estimates the memory that a JSON text will need once parsed, while it arrives: 16 MB of `{},{},…` would become 170 MB
 * of objects. The text is scanned, not parsed. Invalid JSON is left for the parser to refuse.
 *
 * The weights were measured in workerd (V8 with compressed pointers) for the most expensive case: a key that no object
 * had before costs several times as much as one that all have.
 */
import { ServiceError } from "../runtime/errors.ts";
import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  LETTER_U,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from "./json-bytes.ts";
import { LIFTED_LENGTH } from "./lift-strings.ts";

/** Bytes of an object without fields: 28 and the reference to it. */
const OBJECT = 32;
const ARRAY = 24;
/** Bytes of each field: its place and, at worst, a separate V8 shape for the object. */
const FIELD = 72;
/**
 * Bytes of an element: its place, twice, because validation copies lists. A number in a mixed list is an object of 12.
 */
const ELEMENT = 16;
/** Bytes of a string beyond its characters. */
const STRING = 20;

/** Memory for a lifted string, as a multiple of its length: its bytes, and those of the picture decoded from it. */
export const LIFTED_EXPANSION = 1.75;

/** Deepest nesting allowed. No body of the API needs more than ten levels. */
const MAX_DEPTH = 100;

interface StringSoFar {
  bytes: number;
  characters: number;
  isWide: boolean;
}

/** True if a UTF-8 byte is not the first of its character. */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
/** True if a UTF-8 byte begins a character beyond U+00FF. V8 then takes two bytes for each character of the string. */
const isBeyondLatin1 = (byte: number): boolean => byte >= 0xc4;

export class JsonWeight {
  /** Bytes of the values, once parsed. */
  #values = 0;
  /** Bytes and characters of the text, without the strings that will be lifted out. */
  #bytes = 0;
  #characters = 0;
  #isWide = false;
  /** Bytes of the strings that will be lifted out. */
  #lifted = 0;
  #depth = 0;
  /** The string that the text is currently in, bytes and characters; undefined outside strings. */
  #string: StringSoFar | undefined;
  #isEscaped = false;

  /** Bytes of the strings that `liftStrings` will take out. */
  get lifted(): number {
    return this.#lifted + (this.#isLifted() ? (this.#string?.bytes ?? 0) : 0);
  }

  /** Bytes that the values will take, without the strings that are lifted out. */
  get values(): number {
    return this.#values;
  }

  /**
   * Upper limit for the text and what is parsed from it together. The text's bytes are freed when its string is made.
   */
  get parsing(): number {
    const inString = this.#isLifted() ? 0 : (this.#string?.bytes ?? 0);
    const text = (this.#isWide ? 2 : 1) * this.#characters;
    return text + Math.max(this.#bytes + inString, this.#values);
  }

  /** The most that text, values and what is made of the strings that are lifted out take together. */
  get memory(): number {
    return LIFTED_EXPANSION * this.lifted + this.parsing;
  }

  /**
   * Scans the next piece of the text.
   * @throws ServiceError `invalid_json` for a text that is nested too deep
   */
  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      at = this.#string === undefined ? this.#outside(piece, at) : this.#inside(piece, at, this.#string);
    }
  }

  /** @returns offset of the next string, or the end of the piece */
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

  /** @returns offset of the string's end, or the end of the piece */
  #inside(piece: Uint8Array, start: number, string: StringSoFar): number {
    for (let at = this.#skip(piece, start, string); at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (byte === QUOTE && !this.#isEscaped) {
        this.#close(string);
        return at + 1;
      }
      // An escape may stand for any character.
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

  /** Searches a string that will be lifted out only for its end or an escape. @returns the offset of that */
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
