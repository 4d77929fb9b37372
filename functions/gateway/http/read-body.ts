/** Reads a request's fields, from JSON or multipart, without trusting its length. */
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_JSON_BYTES, MAX_MULTIPART_BYTES } from "../limits.ts";

/** Fields as the schema takes them; an uploaded file stands as a `File`. */
export type Fields = Record<string, unknown>;

/** Multipart fields that hold JSON if they look like it, and those that may be repeated. */
const LIST_FIELDS = new Set([
  "image",
  "images",
  "input",
  "label",
  "labels",
  "text",
  "texts",
  "templates",
  "negative",
]);
const LOOKS_LIKE_JSON = /^\s*[[{]/;

/**
 * @throws ServiceError `unsupported_media_type`, `request_too_large`, `invalid_json`, `invalid_type`
 */
export async function readBody(request: Request): Promise<Fields> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return parseJson(await readLimited(request, MAX_JSON_BYTES));
  if (type === "multipart/form-data") return await readMultipart(request);
  const message = "the content-type must be application/json or multipart/form-data";
  throw new ServiceError("unsupported_media_type", message);
}

/**
 * The whole body. What exceeds the limit is read and thrown away, up to as much again: a client that is still sending
 * when the connection closes never sees the answer that says why.
 */
async function readLimited(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new ServiceError("request_too_large", `the request's body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > 2 * limit) throw tooLarge;
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of request.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > 2 * limit) break;
    if (bytes > limit) pieces = [];
    else pieces.push(new Uint8Array(piece));
  }
  if (bytes > limit) throw tooLarge;
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function parseJson(bytes: Uint8Array): Fields {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new ServiceError("invalid_json", "the request's body is not valid JSON in UTF-8");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new ServiceError("invalid_type", "the request's body must be a JSON object");
  }
  return body as Fields;
}

async function readMultipart(request: Request): Promise<Fields> {
  const bytes = await readLimited(request, MAX_MULTIPART_BYTES);
  let form: FormData;
  try {
    const headers = { "content-type": request.headers.get("content-type") ?? "" };
    form = await new Response(bytes, { headers }).formData();
  } catch {
    throw new ServiceError("invalid_type", "the request's body is not valid multipart/form-data");
  }
  const fields: Fields = {};
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name).flatMap((value) => multipartValue(name, value));
    fields[name] = LIST_FIELDS.has(name) ? values : values.at(-1);
  }
  return fields;
}

/** Text fields may hold JSON: a list of labels, an object, a number, a boolean. */
function multipartValue(name: string, value: string | File): unknown[] {
  if (typeof value !== "string") return [value];
  if (!LOOKS_LIKE_JSON.test(value)) return [LIST_FIELDS.has(name) ? value : scalar(value)];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return [value];
  }
}

function scalar(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  const number = Number(value);
  return value.trim() === "" || Number.isNaN(number) ? value : number;
}
