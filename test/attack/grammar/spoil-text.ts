/** Texts that are almost JSON or almost UTF-8, or are hard on a parser. */
import type { Dice } from "./dice.ts";

const SNIPPETS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "\\ud800",
  "\0",
  "/**/",
  "NaN",
  "1e999",
  "\u2028",
  "'",
];

/** @returns the bytes to send */
export function spoilText(dice: Dice, json: string): Buffer {
  const at = dice.number(json.length);
  switch (dice.number(12)) {
    case 0:
      return Buffer.from(json.slice(0, at));
    case 1:
      return Buffer.from(json.slice(0, at) + dice.pick(SNIPPETS) + json.slice(at));
    case 2:
      return Buffer.from(`${json}${json}`);
    case 3:
      return Buffer.concat([Buffer.from(json.slice(0, at)), invalidUtf8(dice), Buffer.from(json.slice(at))]);
    case 4:
      return Buffer.from(`\ufeff${json}`);
    case 5:
      return Buffer.from(json, "utf16le");
    case 6:
      return Buffer.from(nested(dice));
    case 7:
      return Buffer.from(dice.pick(["", "null", "0", '"x"', "[]", "[{}]", "true", " ", "\n"]));
    case 8:
      return Buffer.from(json.replace("{", `{"__proto__":{"labels":["a"],"model":"x"},`));
    case 9:
      return Buffer.from(json.replace("{", `{${dice.pick(DUPLICATES)},`));
    case 10:
      return Buffer.from(json.replaceAll(/-?\d+(\.\d+)?/g, () => dice.pick(HUGE)));
    default:
      return Buffer.from(Array.from({ length: dice.number(200) }, () => dice.number(256)));
  }
}

const HUGE = ["1e999", "-1e999", "9".repeat(400), "0.".padEnd(400, "1"), "-0", "1E-400"];
const DUPLICATES = [
  '"labels":["a","a"]',
  '"model":7',
  '"images":[]',
  '"input":null',
  '"labels":null',
  '"query":{}',
];

function invalidUtf8(dice: Dice): Buffer {
  return Buffer.from(dice.pick(["ff", "c080", "eda080", "f4908080", "e28281ff", "80", "f0"]), "hex");
}

/** Nested deeper than a stack. */
function nested(dice: Dice): string {
  const depth = dice.pick([64, 5_000, 200_000]);
  const [open, close] = dice.pick([
    ["[", "]"],
    ['{"images":', "}"],
    ['{"a":[', "]}"],
  ] as const);
  const name = dice.pick(["labels", "images", "input", "messages", "documents", "__proto__"]);
  const inside =
    open.repeat(depth) + (open.startsWith("[") ? "" : "0") + close.repeat(dice.chance(0.8) ? depth : 0);
  return `{"${name}":${inside}}`;
}
