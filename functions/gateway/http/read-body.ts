/** Reads a request's fields, from JSON or multipart, when the isolate has room for them. */
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES, MAX_JSON_BYTES, MAX_MULTIPART_BYTES } from "../limits.ts";
import { bytesInFlight, type Share } from "./bytes-in-flight.ts";
import { liftStrings } from "./lift-strings.ts";
import { readLimited } from "./limited-body.ts";
import { type AcceptFile, MultipartForm } from "./multipart-form.ts";

/** Fields as the schema takes them. */
export type Fields = Record<string, unknown>;

export interface ReadBody {
  fields: Fields;
  /** Strings that were lifted out of the fields. */
  strings: Uint8Array<ArrayBuffer>[];
  /** The room that the fields take; to be released when they are done with. */
  share: Share;
}

/**
 * What a JSON body takes at its worst, in bodies: its text, the strings in it, and what they decode to. That is one
 * whose long strings have escapes; others take the body and what one of its pictures decodes to.
 */
const JSON_EXPANSION = 2.5;

/**
 * @param acceptFile takes a multipart request's files as they arrive; without it, only JSON is accepted
 * @throws ServiceError `unsupported_media_type`, `request_too_large`, `invalid_json`, `invalid_type`, `overloaded`;
 * whatever `acceptFile` throws
 */
export async function readBody(request: Request, acceptFile?: AcceptFile): Promise<ReadBody> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    const message = "the request's body must not be compressed: send it without a content-encoding";
    throw new ServiceError("unsupported_media_type", message);
  }
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const length = Number(request.headers.get("content-length") ?? Infinity);
  if (type === "application/json") {
    const share = await bytesInFlight.reserve(JSON_EXPANSION * Math.min(length, MAX_JSON_BYTES));
    return await withShare(share, () => readJson(request, share));
  }
  if (type === "multipart/form-data" && acceptFile !== undefined) {
    // One file at a time is in memory.
    const share = await bytesInFlight.reserve(Math.min(length, MAX_IMAGE_BYTES + MAX_FORM_FIELD_BYTES));
    return await withShare(share, () => readMultipart(request, share, acceptFile));
  }
  const accepted = acceptFile === undefined ? "application/json" : "application/json or multipart/form-data";
  throw new ServiceError("unsupported_media_type", `the content-type must be ${accepted}`);
}

async function withShare(share: Share, read: () => Promise<Omit<ReadBody, "share">>): Promise<ReadBody> {
  try {
    return { ...(await read()), share };
  } catch (error) {
    share.release();
    throw error;
  }
}

async function readJson(request: Request, share: Share): Promise<Omit<ReadBody, "share">> {
  // Grows in place.
  const buffer = new ArrayBuffer(0, { maxByteLength: MAX_JSON_BYTES });
  await readLimited(request, MAX_JSON_BYTES, (piece) => {
    share.renew();
    const offset = buffer.byteLength;
    buffer.resize(offset + piece.byteLength);
    new Uint8Array(buffer).set(piece, offset);
    freeBuffer(piece);
  });
  const { json, strings } = liftStrings(new Uint8Array(buffer.transferToFixedLength()));
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(json));
  } catch {
    throw new ServiceError("invalid_json", "the request's body is not valid JSON in UTF-8");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new ServiceError("invalid_type", "the request's body must be a JSON object");
  }
  return { fields: body as Fields, strings };
}

async function readMultipart(
  request: Request,
  share: Share,
  acceptFile: AcceptFile,
): Promise<Omit<ReadBody, "share">> {
  const form = new MultipartForm(request.headers.get("content-type") ?? "", acceptFile);
  await readLimited(request, MAX_MULTIPART_BYTES, async (piece) => {
    share.renew();
    await form.take(piece);
  });
  return { fields: form.fields(), strings: [] };
}
