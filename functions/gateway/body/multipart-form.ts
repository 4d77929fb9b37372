/** Reads a multipart/form-data body (RFC 7578) as it arrives: files are passed on one by one, fields are collected. */
import {
  MaxFileSizeExceededError,
  MultipartParseError,
  MultipartParser,
  type MultipartPart,
} from "@remix-run/multipart-parser";
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES, MAX_MULTIPART_BYTES } from "../limits.ts";
import { imageTooLarge } from "../images/image-file.ts";
import { MAX_BODY_MEMORY, type Share } from "./bytes-in-flight.ts";
import { FormFields, weightOfText } from "./form-fields.ts";
import { fieldOf } from "./form-value.ts";
import type { Fields } from "./fields.ts";
import { type PartHeader, partHeader } from "./part-header.ts";
import { PreambleSkipper } from "./skip-preamble.ts";

/**
 * Receives a file that has arrived completely.
 * @param index its index among the values of its field
 * @param fields the fields that came before it
 * @param name of the file, if its part has one
 * @returns the value that represents the file among the fields
 */
export type AcceptFile = (
  pieces: readonly Uint8Array<ArrayBuffer>[],
  index: number,
  fields: Fields,
  name?: string,
) => Promise<unknown>;

const FILE_FIELD = "images";
/** Small pieces are joined up to this length, bytes. */
const GATHERED_BYTES = 65_536;
/** Limit for parts. Labels, texts and prompts may each come as a separate part. */
const MAX_PARTS = 20_000;
/** Memory that the fields may take, beside the largest file. */
const MAX_FIELD_MEMORY = MAX_BODY_MEMORY - MAX_IMAGE_BYTES;
const INVALID = "the request's body is not valid multipart/form-data";

export class MultipartForm {
  readonly #parser: MultipartParser;
  readonly #preamble: PreambleSkipper;
  readonly #acceptFile: AcceptFile;
  readonly #share: Share;
  readonly #fields = new FormFields();
  #fieldBytes = 0;
  /** Bytes of memory that the fields take. */
  #fieldMemory = 0;
  /** Small pieces that came one after another, and how much of the buffer they fill. */
  #gathered: Uint8Array<ArrayBuffer> | undefined;
  #gatheredBytes = 0;
  /** Length of the incomplete part, bytes, or slightly more. */
  #pending = 0;
  /** Length of the body's last piece. */
  #pieceBytes = 0;
  #files = 0;

  /** @throws ServiceError `invalid_type` for a content type without a boundary */
  constructor(contentType: string, acceptFile: AcceptFile, share: Share) {
    const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;,\s]+))/i.exec(contentType) ?? [];
    const boundary = quoted ?? plain;
    if (boundary === undefined) throw new ServiceError("invalid_type", `${INVALID}: it has no boundary`);
    this.#parser = new MultipartParser(boundary, {
      maxFileSize: MAX_IMAGE_BYTES,
      maxTotalSize: MAX_MULTIPART_BYTES,
      maxParts: MAX_PARTS,
    });
    this.#preamble = new PreambleSkipper(boundary);
    this.#acceptFile = acceptFile;
    this.#share = share;
  }

  /**
   * Reads the next piece of the body. Small pieces are joined first, because parts are made of views of the pieces, and
   * a view of one byte takes a hundred bytes.
   * @throws ServiceError `invalid_type`, `image_too_large`, `request_too_large`, `overloaded`
   */
  async take(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    const isLarge = piece.length > GATHERED_BYTES / 2;
    if (isLarge || this.#gatheredBytes + piece.length > GATHERED_BYTES) await this.#parseGathered();
    if (isLarge) return await this.#parse(piece);
    this.#gathered ??= new Uint8Array(GATHERED_BYTES);
    this.#gathered.set(piece, this.#gatheredBytes);
    this.#gatheredBytes += piece.length;
    freeBuffer(piece);
  }

  async #parseGathered(): Promise<void> {
    const gathered = this.#gathered?.subarray(0, this.#gatheredBytes);
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    if (gathered !== undefined) await this.#parse(gathered);
  }

  async #parse(piece: Uint8Array): Promise<void> {
    const part = this.#preamble.skip(piece);
    if (part === undefined) return;
    this.#pieceBytes = part.length;
    this.#pending += part.length;
    await this.#share.growTo(this.#fieldMemory + this.#pending);
    try {
      for (const complete of this.#parser.write(part)) await this.#takePart(complete);
    } catch (error) {
      // The parser shows only complete parts. So a file that is too large is known only as the next part.
      if (error instanceof MaxFileSizeExceededError) {
        throw imageTooLarge(MAX_IMAGE_BYTES, `images[${this.#files}]`);
      }
      if (!(error instanceof MultipartParseError)) throw error;
      // Ignore what follows the last boundary (RFC 2046, 5.1.1).
      if (!this.#isComplete()) throw new ServiceError("invalid_type", INVALID);
    }
  }

  /**
   * The form's fields, once the whole body has arrived.
   * @throws ServiceError as `take`; `invalid_type` if the body ended early; `invalid_json` for a malformed list
   */
  async finish(): Promise<Fields> {
    await this.#parseGathered();
    if (!this.#isComplete()) throw new ServiceError("invalid_type", `${INVALID}: it ends early`);
    this.#share.complete(this.#fieldMemory);
    return this.#fields.toObject();
  }

  #isComplete(): boolean {
    try {
      this.#parser.finish();
      return true;
    } catch {
      return false;
    }
  }

  async #takePart(part: MultipartPart): Promise<void> {
    const header = partHeader(part);
    if (isFile(header)) await this.#takeFile(part, header);
    else await this.#takeText(part, header.name);
    // The next part may begin in the same piece.
    this.#pending = this.#pieceBytes;
    this.#share.shrinkTo(this.#fieldMemory + this.#pending);
  }

  async #takeText(part: MultipartPart, name: string): Promise<void> {
    this.#fieldBytes += part.size;
    if (this.#fieldBytes > MAX_FORM_FIELD_BYTES) {
      const message = `the form's fields other than files are larger than ${MAX_FORM_FIELD_BYTES} bytes`;
      throw new ServiceError("request_too_large", message);
    }
    const { bytes } = part;
    this.#fieldMemory += weightOfText(bytes);
    if (this.#fieldMemory > MAX_FIELD_MEMORY) {
      const message = `the form's fields have too many values: they would take more than ${MAX_FIELD_MEMORY / 1e6} MB`;
      throw new ServiceError("request_too_large", message);
    }
    await this.#share.growTo(this.#fieldMemory + this.#pending);
    this.#fields.addText(name, textOf(bytes));
  }

  async #takeFile({ content, size }: MultipartPart, { name, filename }: PartHeader): Promise<void> {
    if (fieldOf(name) !== FILE_FIELD) {
      throw new ServiceError("invalid_type", `${name} must not be a file`, { param: name });
    }
    // Skip the empty file that a browser sends for an unused file input.
    if (size === 0 && (filename ?? "") === "") return;
    this.#files++;
    const index = this.#fields.count(name);
    const pieces = content as Uint8Array<ArrayBuffer>[];
    const file = await this.#acceptFile(pieces, index, this.#fields.toObject(), filename);
    this.#fields.add(name, file);
  }
}

/** True if the part is a file. Some clients label the bytes of a text `application/octet-stream`. */
function isFile({ name, filename, mediaType = "" }: PartHeader): boolean {
  if (filename !== undefined || mediaType.startsWith("image/")) return true;
  return mediaType === "application/octet-stream" && fieldOf(name) === FILE_FIELD;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new ServiceError("invalid_type", `${INVALID}: a field is not UTF-8`);
  }
}
