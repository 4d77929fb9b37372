/** Multipart forms whose boundaries, headers and parts violate RFC 7578. */
import type { Dice } from "./dice.ts";
import { hostileString, manyValues } from "./hostile-values.ts";

export interface FormBody {
  contentType: string;
  bytes: Buffer;
}

const BOUNDARIES = [
  "x",
  "----edge",
  "a b",
  "'()+_,-./:=?",
  "-",
  "--",
  "\\",
  "x".repeat(70),
  "x".repeat(2000),
];
const DISPOSITIONS = [
  "",
  "Content-Disposition: form-data",
  'Content-Disposition: form-data; name=""',
  'Content-Disposition: form-data; name="image"; filename="../../x.png"',
  'Content-Disposition: form-data; name="__proto__"',
  'Content-Disposition: form-data; name="labels"; filename="labels.json"',
  'Content-Disposition: attachment; name="image"',
  "Content-Disposition: form-data; name=image",
  "Content-Disposition: form-data; name*=utf-8''%ff",
  "Content-Disposition",
  ": x",
  "\u0000: \u0000",
  `X-Long: ${"y".repeat(20_000)}`,
];
/** Suffixes that clients add to a field's name, and other names for the field. */
const NAMES = ["[]", "[0]", "[99999999999]", "[a]", "[][]", "s"];
const PREAMBLES = ["\r\n", "\n", "This is a message in MIME format.\r\n", "--\r\n", "-".repeat(5000), "\0"];
const ENDINGS = ["\r\n", "\n", "\r", ""];

/** @param fields the fields of a valid request */
export function formBody(dice: Dice, fields: Record<string, unknown>): FormBody {
  const boundary = dice.pick(BOUNDARIES);
  const written = dice.chance(0.8) ? boundary : `${boundary}x`;
  const end = dice.chance(0.8) ? "\r\n" : dice.pick(ENDINGS);
  const parts = Object.entries(fields).map(([name, value]) => part(dice, name, value, end));
  const pieces = parts.flatMap((each) => [Buffer.from(`--${written}${end}`), each, Buffer.from(end)]);
  if (dice.chance(0.1)) pieces.unshift(Buffer.from(dice.pick(PREAMBLES)));
  if (dice.chance(0.8)) pieces.push(Buffer.from(`--${written}--${end}`));
  let bytes = Buffer.concat(pieces);
  if (dice.chance(0.2)) bytes = bytes.subarray(0, dice.number(bytes.length));
  if (dice.chance(0.1)) bytes = Buffer.concat([bytes, bytes]);
  return { contentType: contentType(dice, boundary), bytes };
}

function contentType(dice: Dice, boundary: string): string {
  if (dice.chance(0.85)) return `multipart/form-data; boundary="${boundary.replaceAll("\\", "")}"`;
  return dice.pick([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary=""',
    `multipart/mixed; boundary=${boundary}`,
    `multipart/form-data; boundary=${boundary}; boundary=y`,
    "MULTIPART/FORM-DATA; BOUNDARY=x",
    "multipart/form-data;;;boundary==x",
  ]);
}

function part(dice: Dice, name: string, value: unknown, end: string): Buffer {
  const isImage = name.startsWith("image") || name === "file";
  const disposition = dice.chance(0.75)
    ? `Content-Disposition: form-data; name="${name}${dice.chance(0.15) ? dice.pick(NAMES) : ""}"${isImage ? '; filename="x.png"' : ""}`
    : dice.pick(DISPOSITIONS);
  const type = dice.pick([
    `${end}Content-Type: image/png`,
    `${end}Content-Type: text/plain; charset=x`,
    "",
    "",
  ]);
  return Buffer.concat([
    Buffer.from(`${disposition}${type}${end}${end}`, "latin1"),
    content(dice, value, isImage),
  ]);
}

function content(dice: Dice, value: unknown, isImage: boolean): Buffer {
  const right = typeof value === "string" ? value : JSON.stringify(value ?? null);
  if (isImage) {
    const [first = ""] = [value].flat() as unknown[];
    const file = Buffer.from(typeof first === "string" ? first : "", "base64");
    if (dice.chance(0.3)) return file;
    const cut = Buffer.from(file.subarray(0, dice.number(file.length + 1)));
    if (cut.length > 0) cut[dice.number(cut.length)] = dice.number(256);
    return cut;
  }
  if (dice.chance(0.5)) return Buffer.from(right);
  if (dice.chance(0.05)) return Buffer.from(manyValues(dice));
  if (dice.chance(0.3)) return Buffer.from("fffec08022", "hex");
  return Buffer.from(hostileString(dice));
}
