/** A multipart/form-data body (RFC 7578) as it arrives: files are passed on one by one, fields are collected. */
import {
  MaxFileSizeExceededError,
  MultipartParseError,
  MultipartParser,
  type MultipartPart,
} from "@remix-run/multipart-parser";
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES, MAX_MULTIPART_BYTES } from "../limits.ts";
import { imageTooLarge } from "../images/image-file.ts";
import { IMAGE_ALIASES } from "../schemas/aliases.ts";
import { formValue, isListField } from "./form-value.ts";
import type { Fields } from "./read-body.ts";

/**
 * Takes a file that has arrived as a whole.
 * @param index among the values of its field
 * @param fields what has come before it
 * @returns what stands for the file among the fields
 */
export type AcceptFile = (
  pieces: readonly Uint8Array<ArrayBuffer>[],
  index: number,
  fields: Fields,
) => Promise<unknown>;

const FILE_FIELDS = new Set<string>(IMAGE_ALIASES);
/** Labels, texts and prompts may come as a field each. */
const MAX_PARTS = 20_000;
const INVALID = "the request's body is not valid multipart/form-data";

export class MultipartForm {
  readonly #parser: MultipartParser;
  readonly #acceptFile: AcceptFile;
  readonly #values = new Map<string, unknown[]>();
  #fieldBytes = 0;
  #files = 0;

  /** @throws ServiceError `invalid_type` for a content type without a boundary */
  constructor(contentType: string, acceptFile: AcceptFile) {
    const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;,\s]+))/i.exec(contentType) ?? [];
    const boundary = quoted ?? plain;
    if (boundary === undefined) throw new ServiceError("invalid_type", `${INVALID}: it has no boundary`);
    this.#parser = new MultipartParser(boundary, {
      maxFileSize: MAX_IMAGE_BYTES,
      maxTotalSize: MAX_MULTIPART_BYTES,
      maxParts: MAX_PARTS,
    });
    this.#acceptFile = acceptFile;
  }

  /**
   * Takes the body's next piece.
   * @throws ServiceError `invalid_type`, `image_too_large`, `request_too_large`
   */
  async take(piece: Uint8Array): Promise<void> {
    try {
      for (const part of this.#parser.write(piece)) await this.#takePart(part);
    } catch (error) {
      // Parts are complete when they are seen, so all that is known of a file that is too large is that it is the next.
      if (error instanceof MaxFileSizeExceededError) {
        throw imageTooLarge(MAX_IMAGE_BYTES, `images[${this.#files}]`);
      }
      if (!(error instanceof MultipartParseError)) throw error;
      // What follows the last boundary means nothing (RFC 2046, 5.1.1).
      if (!this.#isComplete()) throw new ServiceError("invalid_type", INVALID);
    }
  }

  /**
   * What came in, once all has.
   * @throws ServiceError `invalid_type` if the body ended early
   */
  fields(): Fields {
    if (!this.#isComplete()) throw new ServiceError("invalid_type", `${INVALID}: it ends early`);
    return this.#fields();
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
    const { name } = part;
    if (name === undefined) throw new ServiceError("invalid_type", `${INVALID}: a part has no name`);
    const values = this.#values.get(name) ?? [];
    this.#values.set(name, values);
    if (part.isFile || part.mediaType?.startsWith("image/") === true) {
      values.push(await this.#takeFile(part, name, values.length));
      return;
    }
    this.#fieldBytes += part.size;
    if (this.#fieldBytes > MAX_FORM_FIELD_BYTES) {
      const message = `the form's fields other than files are larger than ${MAX_FORM_FIELD_BYTES} bytes`;
      throw new ServiceError("request_too_large", message);
    }
    values.push(...formValue(name, textOf(part)));
  }

  async #takeFile({ content }: MultipartPart, name: string, index: number): Promise<unknown> {
    if (!FILE_FIELDS.has(name)) {
      throw new ServiceError("invalid_type", `${name} must not be a file`, { param: name });
    }
    this.#files++;
    return await this.#acceptFile(content as Uint8Array<ArrayBuffer>[], index, this.#fields());
  }

  /** Entries rather than assignments: a field named `__proto__` is then a field like any other. */
  #fields(): Fields {
    return Object.fromEntries(
      [...this.#values].map(([name, values]) => [name, isListField(name, values) ? values : values.at(-1)]),
    );
  }
}

function textOf(part: MultipartPart): string {
  try {
    return part.text;
  } catch {
    throw new ServiceError("invalid_type", `${INVALID}: a field is not UTF-8`);
  }
}
