/** The fields of a JSON object are found in its bytes, whatever stands in them. */
import { expect, it } from "vitest";
import { fieldsOfJson } from "../../../functions/json/fields-of-json.ts";
import { Pauses } from "../../../functions/runtime/sharing/pauses.ts";
import { ClientGoneError } from "../../../functions/runtime/sharing/wanted.ts";
import { random } from "../../support/random.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

async function fieldsOf(text: string): Promise<Record<string, unknown>> {
  const fields = await fieldsOfJson(Uint8Array.from(Buffer.from(text)), new Pauses(() => true));
  return Object.fromEntries(
    [...fields].map(([name, json]) => [name, JSON.parse(Buffer.from(json).toString()) as unknown]),
  );
}

it.each<[object]>([
  [{}],
  [{ a: 1 }],
  [{ a: null, b: true, c: -1.5e3, d: "", e: [], f: {} }],
  [{ a: { a: { b: 1 }, b: [{ c: 2 }] }, b: [["]", "}"], "{"], c: ',"a":[' }],
  [{ '"': "\\", "\\": '"', ":": ":,", ",": '\\"', é: "🦊" }],
  [{ long: "x".repeat(100_000), longer: ['y"'.repeat(70_000), 7] }],
])("%.80j", async (value) => {
  expect(await fieldsOf(JSON.stringify(value))).toEqual(value);
  expect(await fieldsOf(` ${JSON.stringify(value, null, 2)}\n`)).toEqual(value);
});

it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))("of any value (seed %i)", async (seed) => {
  const next = random(seed);
  const text = (): string =>
    Array.from(
      { length: Math.floor(next() * 12) },
      () => '"\\{}[],: aé🦊'.at(Math.floor(next() * 14)) ?? "",
    ).join("");
  const any = (depth: number): unknown => {
    const kind = Math.floor(next() * (depth > 3 ? 3 : 5));
    if (kind === 0) return text();
    if (kind === 1) return Math.round(next() * 1000) / 8;
    if (kind === 2) return [null, true, false][Math.floor(next() * 3)];
    const values = Array.from({ length: Math.floor(next() * 4) }, () => any(depth + 1));
    return kind === 3 ? values : Object.fromEntries(values.map((value) => [text(), value]));
  };
  const value = Object.fromEntries(Array.from({ length: 8 }, () => [text(), any(0)]));
  expect(await fieldsOf(JSON.stringify(value))).toEqual(value);
});

it("answers others about every 6 MB, and ends when nobody waits", async () => {
  const json = Uint8Array.from(
    Buffer.from(JSON.stringify({ a: "x".repeat(9_000_000), b: 1, c: "y".repeat(9_000_000) })),
  );
  let pauses = 0;
  await fieldsOfJson(json, new Pauses(() => ++pauses > 0));
  expect(pauses).toBe(2);
  await expect(fieldsOfJson(json, new Pauses(() => false))).rejects.toThrow(ClientGoneError);
});
