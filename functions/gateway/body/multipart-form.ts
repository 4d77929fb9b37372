/** Reads a multipart/form-data body (RFC 7578) as it arrives: files are passed on one by one, fields are collected. */
import { ServiceError } from "../../runtime/errors.ts";
import { concatBytes } from "../../runtime/bytes/concat-bytes.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES } from "../limits.ts";
import type { Share } from "./body-share.ts";
import { MAX_BODY_MEMORY } from "./bytes-in-flight.ts";
import type { ClientPace } from "./client-pace.ts";
import { FormFields, weightOfText } from "./form-fields.ts";
import { fieldOf } from "./form-value.ts";
import type { Fields } from "./fields.ts";
import { invalidForm } from "./body-errors.ts";
import type { PartHeader } from "./part-header.ts";
import { PartStream } from "./part-stream.ts";

/** A file that has arrived completely. */
export interface FormFile {
  /** None of a file that is larger than a picture may be: its bytes are dropped as they arrive. */
  pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Length of the file. */
  bytes: number;
  /** Its index among the values of its field. */
  index: number;
  /** The field `model`, if it came before the file. */
  model: unknown;
  /** Undefined if its part has none. */
  name: string | undefined;
  /** How the form's client sends. */
  pace: ClientPace;
}

/** Takes a form's files. */
export interface FileTaker {
  /** @returns the value that represents the file among the fields */
  accept(file: FormFile): Promise<unknown>;
  /** Frees what was made of them, because the form was refused: the rest of it may still be read for a while. */
  drop(): void;
}

interface ArrivingPart {
  header: PartHeader;
  isFile: boolean;
  bytes: number;
  pieces: Uint8Array<ArrayBuffer>[];
}

const FILE_FIELD = "images";
/** Small pieces are joined up to this length, bytes. */
const GATHERED_BYTES = 65_536;
/** Limit for parts. Labels, texts and prompts may each come as a separate part. */
const MAX_PARTS = 20_000;
/** Memory that the fields may take, beside the largest file. */
const MAX_FIELD_MEMORY = MAX_BODY_MEMORY - MAX_IMAGE_BYTES;

export class MultipartForm {
  readonly #parts: PartStream;
  readonly #files: FileTaker;
  readonly #share: Share;
  readonly #fields = new FormFields();
  #fieldBytes = 0;
  /** Bytes of memory that the fields take. */
  #fieldMemory = 0;
  /** Small pieces that came one after another, and how much of the buffer they fill. */
  #gathered: Uint8Array<ArrayBuffer> | undefined;
  #gatheredBytes = 0;
  #part: ArrivingPart | undefined;
  #partCount = 0;
  /** Length of the body's last piece. */
  #pieceBytes = 0;

  /** @throws ServiceError `invalid_type` for a content type without a boundary */
  constructor(contentType: string, files: FileTaker, share: Share) {
    this.#parts = new PartStream(contentType, {
      begin: (header) => this.#begin(header),
      take: (bytes) => this.#takeBytes(bytes),
      end: () => this.#end(),
    });
    this.#files = files;
    this.#share = share;
  }

  /**
   * Reads the next piece of the body. Small pieces are joined first, because parts are made of views of the pieces, and
   * a view of one byte takes a hundred bytes.
   * @throws ServiceError `invalid_type`, `too_many_items`, `request_too_large`, `overloaded`; what `accept` throws
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
    // A part keeps views of what is parsed, and with them the whole buffer, so one that is hardly filled is left
    // behind.
    const isFull = this.#gatheredBytes > GATHERED_BYTES / 2;
    const gathered = isFull
      ? this.#gathered?.subarray(0, this.#gatheredBytes)
      : this.#gathered?.slice(0, this.#gatheredBytes);
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    if (gathered !== undefined) await this.#parse(gathered);
  }

  async #parse(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#pieceBytes = piece.length;
    await this.#share.growTo(this.#memory());
    await this.#parts.write(piece);
  }

  /** Bytes of the fields, of what is kept of the part that arrives, and of the last piece. */
  #memory(): number {
    const kept = this.#part !== undefined && this.#part.pieces.length > 0 ? this.#part.bytes : 0;
    return this.#fieldMemory + kept + this.#pieceBytes;
  }

  /**
   * The form's fields, once the whole body has arrived.
   * @throws ServiceError as `take`; `invalid_type` if the body ended early; `invalid_json` for a malformed list
   */
  async finish(): Promise<Fields> {
    await this.#parseGathered();
    this.#parts.finish();
    this.#share.complete(this.#fieldMemory);
    return this.#fields.toObject();
  }

  #begin(header: PartHeader): void {
    if (++this.#partCount > MAX_PARTS) {
      throw new ServiceError("invalid_type", `the request's form has more than ${MAX_PARTS} parts`);
    }
    const isFile = isOfFile(header);
    const { name } = header;
    if (isFile && fieldOf(name) !== FILE_FIELD) {
      throw new ServiceError("invalid_type", `${name} must not be a file`, { param: name });
    }
    this.#part = { header, isFile, bytes: 0, pieces: [] };
  }

  #takeBytes(bytes: Uint8Array<ArrayBuffer>): void {
    const part = this.#part;
    if (part === undefined) return;
    part.bytes += bytes.length;
    if (!part.isFile && this.#fieldBytes + part.bytes > MAX_FORM_FIELD_BYTES) {
      const message = `the form's fields other than files are larger than ${MAX_FORM_FIELD_BYTES} bytes`;
      throw new ServiceError("request_too_large", message);
    }
    if (part.bytes <= MAX_IMAGE_BYTES) part.pieces.push(bytes);
    else if (part.pieces.length > 0) {
      part.pieces = [];
      this.#share.shrinkTo(this.#memory());
    }
  }

  async #end(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    if (part.isFile) await this.#takeFile(part);
    else await this.#takeText(part);
    this.#part = undefined;
    // The next part may begin in the same piece.
    this.#share.shrinkTo(this.#memory());
  }

  async #takeText({ header: { name }, pieces, bytes }: ArrivingPart): Promise<void> {
    this.#fieldBytes += bytes;
    const text = concatBytes(pieces);
    this.#fieldMemory += weightOfText(text);
    if (this.#fieldMemory > MAX_FIELD_MEMORY) {
      const message = `the form's fields have too many values: they would take more than ${MAX_FIELD_MEMORY / 1e6} MB`;
      throw new ServiceError("request_too_large", message);
    }
    await this.#share.growTo(this.#memory());
    this.#fields.addText(name, textOf(text));
  }

  async #takeFile({ header: { name, filename }, pieces, bytes }: ArrivingPart): Promise<void> {
    // Skip the empty file that a browser sends for an unused file input.
    if (bytes === 0 && (filename ?? "") === "") return;
    const index = this.#fields.count(name);
    // All fields are not made anew for each file: a client decides how many there are of both.
    const model = this.#fields.value("model");
    const { pace } = this.#share;
    this.#fields.add(name, await this.#files.accept({ pieces, bytes, index, model, name: filename, pace }));
  }
}

/** True if the part is a file. Some clients label the bytes of a text `application/octet-stream`. */
function isOfFile({ name, filename, mediaType = "" }: PartHeader): boolean {
  if (filename !== undefined || mediaType.startsWith("image/")) return true;
  return mediaType === "application/octet-stream" && fieldOf(name) === FILE_FIELD;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw invalidForm("a field is not UTF-8");
  }
}
