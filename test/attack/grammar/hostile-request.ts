/** A request from an attacker, or from a faulty program. */
import { gzipSync } from "node:zlib";
import { bodylessRequest } from "./bodyless.ts";
import type { Dice } from "./dice.ts";
import { formBody } from "./form-body.ts";
import { manyValues } from "./hostile-values.ts";
import { spoilFields } from "./spoil-fields.ts";
import { spoilText } from "./spoil-text.ts";
import { validBodies } from "./valid-bodies.ts";
import type { Known, ValidBody } from "./valid-request.ts";

export interface HostileRequest {
  method: string;
  /** The path exactly as on the request line. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "PURGE", "LOCK"];
const CONTENT_TYPES = [
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/json; charset=utf-16",
  "application/json, text/html",
  "APPLICATION/JSON",
  " application/json ;x",
  "application/problem+json",
  "multipart/form-data",
  ";",
  "\u00ff",
  "a".repeat(5000),
];
const SEGMENTS = [
  "v1",
  "classify",
  "label_sets",
  "models",
  "embeddings",
  "files",
  "content",
  "batches",
  "cancel",
  "vector_stores",
  "file_batches",
  "search",
  "operator",
  "report",
  "v2",
  "embed",
  "hf",
  "..",
  ".",
  "%2e%2e",
  "%2F",
  "%00",
  "%ff",
  "%",
  "%zz",
  "%u0041",
  "",
  ":id",
  "*",
  "__proto__",
  "constructor",
  "ls_ffffffffffffffffffffffffffffffff",
  "edgeclip%2Fdemo",
  "edgeclip",
  "demo",
  "%F0%9F%A6%8A",
  "a".repeat(3000),
  ";x=1",
  "readyz",
  "openapi.json",
  "{id}",
];
const HEADERS: readonly [string, string][] = [
  ["x-request-id", "ok-1"],
  ["x-request-id", "a b"],
  ["x-request-id", "x".repeat(4000)],
  ["x-request-id", "\u00ff\u00fe"],
  ["accept", "text/html;q=-1"],
  ["authorization", "Bearer"],
  ["authorization", "Basic Og=="],
  ["authorization", `Bearer ${"s".repeat(8000)}`],
  ["origin", "null"],
  ["origin", "https://evil.example"],
  ["content-encoding", "gzip"],
  ["content-encoding", "deflate, br"],
  ["transfer-encoding", "chunked"],
  ["cf-connecting-ip", "x"],
  ["x-forwarded-for", "127.0.0.1, ::1"],
  ["x-http-method-override", "DELETE"],
  ["if-none-match", "*"],
  ["range", "bytes=0-0,-1"],
  ["cookie", "a=".repeat(2000)],
  ["upgrade", "websocket"],
  ["access-control-request-method", "POST"],
];

/** How often a body is sent as a form. */
const FORMS = { none: 0.03, also: 0.3, only: 0.95 } as const;

/** A grammar over all endpoints. */
export function hostileRequest(dice: Dice, known: Known): HostileRequest {
  const kind = dice.number(20);
  const made =
    kind < 3
      ? oddPath(dice)
      : kind < 7
        ? { ...bodylessRequest(dice, known), headers: {} }
        : dice.chance(0.02)
          ? heavy(dice, dice.pick(validBodies(known)))
          : withBody(dice, dice.pick(validBodies(known)));
  if (dice.chance(0.15)) {
    const [name, value] = dice.pick(HEADERS);
    made.headers[name] = value;
  }
  return made;
}

function withBody(dice: Dice, valid: ValidBody): HostileRequest {
  const method = dice.chance(0.95) ? "POST" : dice.pick(METHODS);
  const path = dice.chance(0.97)
    ? valid.path
    : `${valid.path}${dice.pick(["/", "?", "//", "%20", "?x=%", "/.."])}`;
  const isForm = dice.chance(FORMS[valid.forms]);
  if (isForm) {
    const fields = dice.chance(0.5) ? valid.fields : spoilFields(dice, valid.fields);
    const { contentType, bytes } = formBody(dice, fields);
    return { method, path, headers: { "content-type": contentType }, body: bytes };
  }
  const type = dice.chance(0.95) ? "application/json" : dice.pick(CONTENT_TYPES);
  const isText = dice.chance(0.25);
  const json = JSON.stringify(isText ? valid.fields : spoilFields(dice, valid.fields));
  let body = isText ? spoilText(dice, json) : Buffer.from(json);
  if (dice.chance(0.02)) body = gzipSync(body);
  return { method, path, headers: { "content-type": type }, body };
}

/** A field with far too many values, or an unknown one. */
function heavy(dice: Dice, { path, fields }: ValidBody): HostileRequest {
  const name = dice.pick([...Object.keys(fields), "user", "x"]);
  const rest = JSON.stringify({ ...fields, [name]: undefined });
  const body = `{"${name}":${manyValues(dice)}${rest === "{}" ? "" : ","}${rest.slice(1)}`;
  return { method: "POST", path, headers: { "content-type": "application/json" }, body: Buffer.from(body) };
}

function oddPath(dice: Dice): HostileRequest {
  const segments = Array.from({ length: 1 + dice.number(4) }, () => dice.pick(SEGMENTS));
  const prefix = dice.chance(0.5) ? "/v1/" : "/";
  return { method: dice.pick(METHODS), path: latin1(`${prefix}${segments.join("/")}`), headers: {} };
}

/** The characters that Node's client allows on a request line. */
function latin1(path: string): string {
  return path.replaceAll(/[^\u0021-\u00ff]/g, "");
}
