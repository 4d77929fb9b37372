/** Values that no field expects, or that have broken other programs. */
import type { Dice } from "./dice.ts";

const NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  1e21,
];

const STRINGS = [
  "",
  " ",
  "\t\n\r",
  "\0",
  "\0lifted:0",
  "\0lifted:-1",
  "\0lifted:1e9",
  "\ud800",
  "\udc00\ud800",
  "a\ud83d",
  "\ufeff",
  "\u200b",
  "\u202efox",
  "e\u0301".repeat(40),
  "👩‍👩‍👧‍👦".repeat(20),
  "ﷺ".repeat(30),
  "x".repeat(8192),
  "x".repeat(8193),
  "x".repeat(40_000),
  "&amp;amp;amp;lt;",
  "Jazz &Amp; soul",
  "jazz &amp; soul",
  "data:image/png;base64,AAAA",
  `ls_${"0".repeat(32)}`,
  `ls_${"0".repeat(1100)}`,
  "../ls_0",
  "&#0;&#xD800;&#x110000;&#99999999999;",
  // After one round of cleaning, these are not clean yet.
  "jazz &Amp; soul",
  "jazz &amp; soul",
  "&Amp;amp;lt;b&Amp;gt;",
  "Ã¢â‚¬Å¡&amp;#38;",
  "{}",
  "{}{}",
  "${label}",
  "$&",
  "%s%n",
  "'; drop table keys; --",
  "<script>alert(1)</script>",
  "../../../etc/passwd",
  "null",
  "true",
  "NaN",
  "-1",
  "1e400",
  "__proto__",
  "constructor",
  "openai-80",
  "ls_00000000000000000000000000000000",
  "ls_",
  `ls_${"0".repeat(1000)}`,
  `ls_${"f".repeat(60_000)}`,
  "edgeclip/demo",
  "known",
  `file-${"0".repeat(24)}`,
  `vs_${"0".repeat(24)}`,
  `batch_${"0".repeat(24)}`,
  "../file-0",
];

const IMAGES = [
  "####",
  "AAAA",
  "A",
  "A===",
  "AAAA=AAAA",
  "iVBORw0KGgo",
  "iVBORw0KGgoAAAANSUhEUgAATiAAAE4gCAYAAAA",
  "/9j/4AAQSkZJRgABAQ",
  "R0lGODlhAQABAAAAACw",
  "UklGRgAAAABXRUJQVlA4",
  "Qk0AAAAA",
  "SUkqAAgAAAA",
  "AAAAHGZ0eXBhdmlm",
  "data:",
  "data:,",
  "data:image/png",
  "data:image/png;base64",
  "data:image/png;base64,",
  "data:image/png;base64,####",
  "data:image/png;base64,%41%4",
  "data:text/html,<h1>%zz",
  "data:;charset=\ud800;base64,AAAA",
  "DATA:IMAGE/PNG;BASE64,AAAA",
  "http://",
  "http:///",
  "http://[::1",
  "http://[::ffff:127.0.0.1]/",
  "http://127.0.0.1:1/",
  "http://0x7f.1/",
  "http://2130706433/",
  "http://169.254.169.254/latest/meta-data/",
  "http://localhost:8787/v1/models",
  "http://user:password@10.0.0.1/",
  "https://metadata.internal/",
  "http://a.invalid/x.png",
  "ftp://192.168.0.1/x.png",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "blob:null/1",
  "http://%00/",
  "http://\ud800/",
  `http://${"a".repeat(300)}.test/`,
];

const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
  "",
  "\ud800",
  "0",
];

/** Any JSON value of a wrong kind. */
export function hostileValue(dice: Dice, depth = 0): unknown {
  const kind = dice.number(depth > 2 ? 5 : 9);
  if (kind === 0) return dice.pick(NUMBERS);
  if (kind <= 2) return dice.pick(STRINGS);
  if (kind === 3) return dice.pick(IMAGES);
  if (kind === 4) return dice.pick([null, true, false]);
  if (kind === 5) return Array.from({ length: dice.number(5) }, () => hostileValue(dice, depth + 1));
  if (kind === 6) return manyOf(dice, depth);
  if (kind === 7) return likeAnItem(dice, depth);
  const entries = Array.from({ length: 1 + dice.number(3) }, () => [
    dice.pick(KEYS),
    hostileValue(dice, depth + 1),
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** More of one thing than any limit allows, or exactly the limit. */
function manyOf(dice: Dice, depth: number): unknown[] {
  const value = hostileValue(dice, Math.max(depth, 2) + 1);
  const length = dice.pick([16, 17, 100, 1000, 1001]);
  return Array.from({ length }, (_, i) =>
    typeof value === "string" && value.length < 20 ? `${value}${i}` : 0,
  );
}

/** The right shape with wrong content. */
function likeAnItem(dice: Dice, depth: number): unknown {
  const inner = hostileValue(dice, depth + 1);
  return dice.pick([
    { image: inner },
    { text: inner },
    { embedding: inner },
    { embedding: Array.from({ length: dice.pick([1, 512, 640, 4096, 4097]) }, () => dice.pick(NUMBERS)) },
    { type: "image_url", image_url: inner },
    { type: "image_url", image_url: { url: inner } },
    { label: inner, prompts: [inner] },
    { label: "fox", prompts: inner, min_similarity: inner },
    { role: "user", content: inner },
    { file_id: inner },
    { text: "fox", weight: inner },
    { type: "eq", key: "kind", value: inner },
    { type: inner, key: inner, value: inner },
    { type: "in", key: "kind", value: [inner] },
    { type: "and", filters: [inner] },
    filtersWithin(dice.pick([8, 9, 100, 500])),
    { anchor: "last_active_at", days: inner },
  ]);
}

/** Compounds of a filter, one in the other. */
function filtersWithin(levels: number): unknown {
  let filter: unknown = { type: "eq", key: "kind", value: "drawing" };
  for (let level = 1; level < levels; level++) filter = { type: "and", filters: [filter] };
  return filter;
}

/** JSON with so many small values that a parser, a validator or a stack may fail. */
export function manyValues(dice: Dice): string {
  const unit = dice.pick([
    "{}",
    "[]",
    '""',
    "0",
    "0.5,null",
    '{"embedding":[""]}',
    '{"label":"a","prompts":[0]}',
    '"&Amp;"',
    '{"file_id":"a"}',
    '{"type":"eq","key":"a","value":1}',
  ]);
  const count = dice.pick([1_001, 10_001, 150_000]);
  return `[${`${unit},`.repeat(count - 1)}${unit}]`;
}

export function hostileString(dice: Dice): string {
  return dice.chance(0.6) ? dice.pick(STRINGS) : dice.pick(IMAGES);
}

export function hostileKey(dice: Dice): string {
  return dice.pick(KEYS);
}
