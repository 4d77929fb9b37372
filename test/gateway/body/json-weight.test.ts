/** The memory that a JSON text will need is known before it is parsed, however it is divided into pieces. */
import { describe, expect, it } from "vitest";
import { JsonWeight } from "../../../functions/json/json-weight.ts";
import { LIFTED_LENGTH, liftStrings } from "../../../functions/json/lift-strings.ts";
import { random } from "../../support/random.ts";

const KINDS = [
  "{}",
  "[]",
  '""',
  '"é"',
  '"\\""',
  '"\\\\"',
  "0.5",
  "-1e9",
  "null",
  '"猫"',
  '"\\u4e2d"',
  '{"a":[1,{"b":"c"}]}',
];

function weigh(bytes: Uint8Array, cut: () => number = () => bytes.length): JsonWeight {
  const weight = new JsonWeight();
  for (let at = 0; at < bytes.length;) {
    const length = Math.max(1, cut());
    weight.add(bytes.subarray(at, at + length));
    at += length;
  }
  return weight;
}

const sums = ({ lifted, values, parsing }: JsonWeight): number[] => [lifted, values, parsing];

describe("JsonWeight", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))(
    "is the same for any cuts (seed %i)",
    (seed) => {
      const next = random(seed);
      const pick = (): string => KINDS[Math.floor(next() * KINDS.length)] ?? "";
      const long = `"${"x".repeat(LIFTED_LENGTH - 5 + Math.floor(next() * 10))}\\n"`;
      const text = `{"a":[${[...Array.from({ length: 50 }, pick), long, pick()].join()}],"b":${pick()}}`;
      const bytes = Uint8Array.from(Buffer.from(text));
      const whole = sums(weigh(bytes));
      expect(sums(weigh(bytes, () => 1 + Math.floor(next() * 2 ** (next() * 17))))).toEqual(whole);
      expect(sums(weigh(bytes, () => 1))).toEqual(whole);
      // What it counts as lifted is what is lifted, escapes included.
      const { json } = liftStrings(bytes.slice());
      expect(whole[0]).toBe(json.length === bytes.length ? 0 : long.length - 2);
    },
  );

  // Bytes of a unit, measured in workerd's heap; the weight is never less.
  it.each([
    ["{}", 32],
    ["[]", 20],
    ['""', 4],
    ['"abcdefghijklmnopqrst"', 36],
    ["0.5", 8],
    ["0.5,null", 20],
    ['{"a":0}', 104],
    ["[1]", 32],
    ['{"label":"abcd","prompts":["abcde"]}', 88],
  ])("is no less than what %s takes", (unit, measured) => {
    const count = 1000;
    const text = `[${Array.from({ length: count }, () => unit).join()}]`;
    expect(weigh(Buffer.from(text)).values).toBeGreaterThanOrEqual(count * measured);
  });

  it("counts two bytes a character where V8 takes them", () => {
    const ascii = weigh(Buffer.from(`["${"x".repeat(1000)}"]`)).values;
    expect(weigh(Buffer.from(`["${"é".repeat(1000)}"]`)).values).toBe(ascii);
    expect(weigh(Buffer.from(`["${"猫".repeat(1000)}"]`)).values).toBe(ascii + 1000);
  });

  it("refuses what is nested deeper than any body", () => {
    expect(() => weigh(Buffer.from("[".repeat(101)))).toThrow(/nested/);
    expect(sums(weigh(Buffer.from("[".repeat(100))))).toBeDefined();
    expect(sums(weigh(Buffer.from(`"${"[".repeat(500)}"`)))).toBeDefined();
  });
});
