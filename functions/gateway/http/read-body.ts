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
  if (type === "application/json") {
    return parseJson(await readLimited(request, MAX_JSON_BYTES, (body) => body.arrayBuffer()));
  }
  if (type === "multipart/form-data") return await readMultipart(request);
  const message = "the content-type must be application/json or multipart/form-data";
  throw new ServiceError("unsupported_media_type", message);
}

/**
 * Reads the body as it arrives: a copy of a 64 MB upload would be half of what the isolate has. What exceeds the
 * limit is thrown away, up to as much again: a client that is still sending when the connection closes never sees
 * the answer that says why.
 */
async function readLimited<T>(
  request: Request,
  limit: number,
  read: (body: Response) => Promise<T>,
): Promise<T> {
  const tooLarge = new ServiceError("request_too_large", `the request's body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > 2 * limit) throw tooLarge;
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      bytes += piece.byteLength;
      if (bytes <= limit) controller.enqueue(piece);
      else if (bytes > 2 * limit) controller.error(tooLarge);
    },
  });
  const headers = { "content-type": request.headers.get("content-type") ?? "" };
  const body = new Response(request.body?.pipeThrough(counter) ?? null, { headers });
  const [outcome] = await Promise.allSettled([read(body)]);
  // Whatever was made of the first `limit` bytes of it, or failed to be.
  if (bytes > limit) throw tooLarge;
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

function parseJson(bytes: ArrayBuffer): Fields {
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
  const form = await readLimited(request, MAX_MULTIPART_BYTES, (body) =>
    body.formData().catch(() => {
      throw new ServiceError("invalid_type", "the request's body is not valid multipart/form-data");
    }),
  );
  // Entries rather than assignments: a field named `__proto__` is then a field like any other.
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name).flatMap((value) => multipartValue(name, value));
      return [name, LIST_FIELDS.has(name) ? values : values.at(-1)];
    }),
  );
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
