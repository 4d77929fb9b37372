/** Long strings are taken out of JSON where they stand, and nothing else changes. */
import { describe, expect, it } from "vitest";
import { LIFTED, liftStrings } from "../../functions/gateway/http/lift-strings.ts";
import { random } from "./random.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("liftStrings", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))("loses nothing (seed %i)", (seed) => {
    const next = random(seed);
    const part = (): string => ['"', "\\", "é", "a", "\\\\", "\n", "{", "🦊"][Math.floor(next() * 8)] ?? "";
    const short = (): string => Array.from({ length: Math.floor(next() * 20) }, part).join("");
    const long = (): string => short() + "x".repeat(40_000);
    const value = { [short()]: [short(), long(), { [short()]: long() }], last: "y".repeat(33_000) };
    const { json, strings } = liftStrings(bytesOf(JSON.stringify(value)));
    expect(strings.length).toBeGreaterThanOrEqual(1);
    const restored: unknown = JSON.parse(textOf(json), (_, each: unknown) =>
      typeof each === "string" && each.startsWith(LIFTED)
        ? textOf(strings[Number(each.slice(LIFTED.length))] ?? new Uint8Array(0))
        : each,
    );
    expect(restored).toEqual(value);
  });

  it.each(["", '"', '"\\"', `"${"x".repeat(40_000)}`, `{"a":"${"x".repeat(40_000)}\\`])(
    "leaves %.20s… alone",
    (text) => {
      expect(textOf(liftStrings(bytesOf(text)).json)).toBe(text);
    },
  );

  it.each([
    ["a byte too short", "x".repeat(32_767), 0],
    ["just long enough", "x".repeat(32_768), 1],
    ["long with an escape", `\\n${"x".repeat(32_768)}`, 0],
    ["long with an escaped quote in front", `\\"${"x".repeat(32_768)}`, 0],
    ["long and ending with a backslash", `${"x".repeat(32_768)}\\\\`, 0],
  ])("lifts a string only if it can be used as it is: %s", (_, content, lifted) => {
    const { json, strings } = liftStrings(bytesOf(`{"a":"${content}","b":"${"y".repeat(40_000)}"}`));
    expect(strings.length).toBe(lifted + 1);
    expect(strings.map(textOf).at(-1)).toBe("y".repeat(40_000));
    const placeholder = lifted === 1 ? "\\u0000lifted:0" : content;
    expect(textOf(json)).toBe(`{"a":"${placeholder}","b":"\\u0000lifted:${lifted}"}`);
  });

  it("gives the text itself if there is nothing to lift", () => {
    const bytes = bytesOf('{"a":"b"}');
    expect(liftStrings(bytes)).toEqual({ json: bytes, strings: [] });
    expect(liftStrings(bytes).json).toBe(bytes);
  });
});
