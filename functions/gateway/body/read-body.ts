/** Reads a request's fields, from JSON or multipart, when the isolate has room for them. */
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES, MAX_JSON_BYTES, MAX_MULTIPART_BYTES } from "../limits.ts";
import { assertUncompressed } from "./body-errors.ts";
import type { Share } from "./body-share.ts";
import { bytesInFlight, MAX_BODY_MEMORY } from "./bytes-in-flight.ts";
import type { Fields } from "./fields.ts";
import { JsonWeight, LIFTED_EXPANSION } from "../../json/json-weight.ts";
import { liftStrings } from "../../json/lift-strings.ts";
import { readLimited } from "./limited-body.ts";
import { type FileTaker, MultipartForm } from "./multipart-form.ts";

/** The strings that were lifted out of a JSON body. */
export interface LiftedStrings {
  /** Views of the body; empty after the release. */
  strings: Uint8Array<ArrayBuffer>[];
  /** Frees their memory, and the room that it took. */
  release(): void;
}

export interface ReadBody {
  fields: Fields;
  /** The strings lifted out of a JSON body. */
  lifted?: LiftedStrings;
  /** The room of the fields. Release it when they are no longer needed. */
  share: Share;
}

interface Asked {
  /** The client. */
  owner: string;
  /** True for a line of a batch. */
  isLine: boolean;
}

/**
 * @param asked who sends the body
 * @param files takes a multipart request's files as they arrive; without it, only JSON is accepted
 * @throws ServiceError `unsupported_media_type`, `request_too_large`, `invalid_json`, `too_long`, `invalid_type`,
 * `overloaded`; whatever `files` throws
 */
export async function readBody(
  request: Request,
  { owner, isLine }: Asked,
  files?: FileTaker,
): Promise<ReadBody> {
  assertUncompressed(request);
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const length = Number(request.headers.get("content-length") ?? Infinity);
  if (type === "application/json") {
    const share = bytesInFlight.open(LIFTED_EXPANSION * Math.min(length, MAX_JSON_BYTES), isLine, owner);
    return await withShare(share, () => readJson(request, Math.min(length, MAX_JSON_BYTES), share));
  }
  if (type === "multipart/form-data" && files !== undefined) {
    // Only one file at a time is in memory.
    const most = Math.min(length, MAX_IMAGE_BYTES + MAX_FORM_FIELD_BYTES);
    const share = bytesInFlight.open(most, isLine, owner);
    return await withShare(share, () => readMultipart(request, share, files));
  }
  const accepted = files === undefined ? "application/json" : "application/json or multipart/form-data";
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

/** @param length upper limit for the body's length, bytes */
async function readJson(request: Request, length: number, share: Share): Promise<Omit<ReadBody, "share">> {
  // The buffer grows in place.
  const buffer = new ArrayBuffer(0, { maxByteLength: MAX_JSON_BYTES });
  const weight = new JsonWeight();
  const take = async (piece: Uint8Array<ArrayBuffer>): Promise<void> => {
    weight.add(piece);
    const bytes = weight.memory;
    if (bytes > MAX_BODY_MEMORY) {
      const message = `the request's JSON has too many values: they would take more than ${MAX_BODY_MEMORY / 1e6} MB`;
      throw new ServiceError("request_too_large", message);
    }
    const offset = buffer.byteLength;
    const end = offset + piece.byteLength;
    // Assume that the rest of the body is like the part that has arrived.
    await share.growTo(bytes, Math.min(MAX_BODY_MEMORY, bytes * Math.max(1, length / end)));
    buffer.resize(end);
    new Uint8Array(buffer).set(piece, offset);
    freeBuffer(piece);
  };
  const drop = (): void => {
    buffer.resize(0);
    share.shrinkTo(0);
  };
  await readLimited(request, MAX_JSON_BYTES, share, { take, drop });
  const { body, strings } = parse(new Uint8Array(buffer.transferToFixedLength()), weight.lifted > 0);
  // The text is freed here, but cleaned texts take about as much.
  share.complete(weight.memory);
  let liftedBytes = weight.memory - weight.parsing;
  const lifted: LiftedStrings = {
    strings,
    release: () => {
      for (const string of lifted.strings) freeBuffer(string);
      lifted.strings = [];
      // What the request holds for other reasons by now stays.
      share.complete(share.held - liftedBytes);
      liftedBytes = 0;
    },
  };
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new ServiceError("invalid_type", "the request's body must be a JSON object");
  }
  return { fields: body as Fields, lifted };
}

/**
 * @param hasLongStrings false skips the search for long strings, which is slow among a million short ones
 * @throws ServiceError `invalid_json`, `too_long`
 */
function parse(
  bytes: Uint8Array<ArrayBuffer>,
  hasLongStrings: boolean,
): { body: unknown; strings: Uint8Array<ArrayBuffer>[] } {
  try {
    const { json, strings } = hasLongStrings ? liftStrings(bytes) : { json: bytes, strings: [] };
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(json);
    freeBuffer(json);
    return { body: JSON.parse(text), strings };
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError("invalid_json", "the request's body is not valid JSON in UTF-8");
  }
}

async function readMultipart(
  request: Request,
  share: Share,
  files: FileTaker,
): Promise<Omit<ReadBody, "share">> {
  let form: MultipartForm | undefined = new MultipartForm(
    request.headers.get("content-type") ?? "",
    files,
    share,
  );
  await readLimited(request, MAX_MULTIPART_BYTES, share, {
    take: (piece) => form?.take(piece),
    drop: () => {
      form = undefined;
      files.drop();
      share.shrinkTo(0);
    },
  });
  return { fields: await form.finish() };
}
