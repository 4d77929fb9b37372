/** `POST /v1/files`: a form whose file goes to R2 while it arrives, in parts, so that no more than one is in memory. */
import type { AccountFiles } from "../../files/account-files.ts";
import type { FileObject } from "../../files/account-files-rpc.ts";
import { FileWriter } from "../../files/file-writer.ts";
import { PART_BYTES } from "../../files/upload.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { ClientGoneError } from "../../runtime/sharing/wanted.ts";
import { bytesInFlight } from "../body/bytes-in-flight.ts";
import { readLimited } from "../body/limited-body.ts";
import type { PartHeader } from "../body/part-header.ts";
import { PartStream, type PartTaker } from "../body/part-stream.ts";
import { MAX_FILE_BYTES, MAX_UPLOAD_BYTES } from "../limits.ts";
import { fileRequestSchema, maxBytesOf, purposeSchema } from "../schemas/file-request.ts";
import { validate } from "../schemas/fields/validate.ts";

/** Bytes of a field that is not the file; and how many of them there may be. */
const MAX_FIELD_BYTES = 1_024;
const MAX_FIELDS = 16;
/** `expires_after[anchor]`, as SDKs write an object's field. */
const NESTED = /^([a-z_]+)\[([a-z_]+)\]$/;

/**
 * @param maxBytes that the account may store
 * @throws ServiceError, and then nothing of the file is left
 */
export async function receiveUpload(
  request: Request,
  files: AccountFiles,
  maxBytes: number,
): Promise<FileObject> {
  const type = request.headers.get("content-type") ?? "";
  const isForm = type.split(";", 1)[0]?.trim().toLowerCase() === "multipart/form-data";
  if (!isForm)
    throw new ServiceError("unsupported_media_type", "the content-type must be multipart/form-data");
  const length = Number(request.headers.get("content-length") ?? MAX_UPLOAD_BYTES);
  const share = bytesInFlight.open(Math.min(length, PART_BYTES), false, `account/${files.blobs.account}`);
  const writer = new FileWriter(files, maxBytes, share);
  const form = new UploadForm(writer, Math.min(length, MAX_FILE_BYTES));
  try {
    const parts = new PartStream(type, form);
    const taker = { take: (piece: Uint8Array<ArrayBuffer>) => parts.write(piece), drop: () => writer.drop() };
    await readLimited(request, MAX_UPLOAD_BYTES, share, taker);
    parts.finish();
    return await form.finish();
  } catch (error) {
    await writer.abandon();
    // What reading throws then is the connection's.
    throw request.signal.aborted && !(error instanceof ServiceError) ? new ClientGoneError() : error;
  } finally {
    writer.drop();
    share.release();
  }
}

class UploadForm implements PartTaker {
  readonly #writer: FileWriter;
  /** Bytes that the file has at the most, by the length of the request. */
  readonly #most: number;
  readonly #fields = new Map<string, string>();
  /** Parts that are not the file; several may have the same name. */
  #fieldParts = 0;
  #filename: string | undefined;
  /** The field that arrives; undefined for the file. */
  #field: string | undefined;
  #text: Uint8Array = new Uint8Array();
  #limit = MAX_FILE_BYTES;

  constructor(writer: FileWriter, most: number) {
    this.#writer = writer;
    this.#most = most;
  }

  async begin({ name, filename, mediaType }: PartHeader): Promise<void> {
    this.#field = name === "file" ? undefined : name;
    this.#text = new Uint8Array();
    const isBytes = mediaType === "application/octet-stream";
    if (name === "file") await this.#beginFile(filename ?? (isBytes ? name : undefined));
    else if (++this.#fieldParts > MAX_FIELDS) {
      throw new ServiceError("too_many_items", `at most ${MAX_FIELDS} fields beside the file`);
    }
  }

  async take(bytes: Uint8Array): Promise<void> {
    if (this.#field === undefined) return await this.#takeFile(bytes);
    if (this.#text.length + bytes.length > MAX_FIELD_BYTES) {
      const param = this.#field;
      throw new ServiceError("too_long", `${param.slice(0, 64)}: at most ${MAX_FIELD_BYTES} bytes`, {
        param,
      });
    }
    const text = new Uint8Array(this.#text.length + bytes.length);
    text.set(this.#text);
    text.set(bytes, this.#text.length);
    this.#text = text;
  }

  end(): void {
    if (this.#field !== undefined) this.#fields.set(this.#field, new TextDecoder().decode(this.#text));
  }

  /** @throws ServiceError for fields that are wrong, a file that is empty or not there */
  async finish(): Promise<FileObject> {
    const fields = { ...nested(this.#fields), file: this.#filename };
    const { purpose, file, expires_after: expiry } = await validate(fileRequestSchema, fields);
    const { bytes } = this.#writer;
    if (bytes === 0) throw new ServiceError("empty_input", "file: the file is empty", { param: "file" });
    if (bytes > maxBytesOf(purpose)) throw tooLarge(maxBytesOf(purpose));
    return await this.#writer.finish({ filename: file, purpose, expiresAfter: expiry });
  }

  async #beginFile(filename: string | undefined): Promise<void> {
    if (this.#filename !== undefined) {
      throw new ServiceError("too_many_items", "file: one file a request", { param: "file" });
    }
    if (filename === undefined) {
      throw new ServiceError("invalid_type", "file: must be a file, with a name", { param: "file" });
    }
    this.#filename = filename;
    // A purpose that comes before the file is judged before the file is taken.
    const purpose = this.#fields.get("purpose");
    if (purpose !== undefined) this.#limit = maxBytesOf((await validate(purposeSchema, { purpose })).purpose);
  }

  async #takeFile(bytes: Uint8Array): Promise<void> {
    if (this.#writer.bytes + bytes.length > this.#limit) throw tooLarge(this.#limit);
    await this.#writer.write(bytes, Math.min(this.#most, this.#limit));
  }
}

function nested(fields: ReadonlyMap<string, string>): Record<string, unknown> {
  const objects = new Map<string, unknown>();
  for (const [name, value] of fields) {
    const [, outer, inner] = NESTED.exec(name) ?? [];
    if (outer === undefined || inner === undefined) objects.set(name, value);
    else objects.set(outer, { ...(objects.get(outer) as object | undefined), [inner]: value });
  }
  return Object.fromEntries(objects);
}

function tooLarge(limit: number): ServiceError {
  const message = `file: the file has more than ${limit} bytes, which is the limit for its purpose`;
  return new ServiceError("request_too_large", message, { param: "file" });
}
