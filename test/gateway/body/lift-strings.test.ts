/** Long strings are taken out of JSON in place, and nothing else changes. */
import { describe, expect, it } from "vitest";
import { isPictureUri, LIFTED, liftStrings } from "../../../functions/json/lift-strings.ts";
import { bytesOf } from "../../support/bytes.ts";
import { random } from "../../support/random.ts";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("liftStrings", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))("loses nothing (seed %i)", (seed) => {
    const next = random(seed);
    const part = (): string => ['"', "\\", "é", "a", "\\\\", "\n", "{", "🦊"][Math.floor(next() * 8)] ?? "";
    const short = (): string => Array.from({ length: Math.floor(next() * 20) }, part).join("");
    const long = (): string => short() + "x".repeat(70_000);
    const value = { [short()]: [short(), long(), { [short()]: long() }], last: "y".repeat(66_000) };
    const { json, strings } = liftStrings(bytesOf(JSON.stringify(value)));
    expect(strings.length).toBeGreaterThanOrEqual(1);
    const restored: unknown = JSON.parse(textOf(json), (_, each: unknown) =>
      typeof each === "string" && each.startsWith(LIFTED)
        ? textOf(strings[Number(each.slice(LIFTED.length))] ?? new Uint8Array(0))
        : each,
    );
    expect(restored).toEqual(value);
  });

  it.each([":", " \t\r\n:"])("refuses the name of a field (%j)", (colon) => {
    const text = `{"a":"b","${"k".repeat(65_536)}"${colon}"v"}`;
    expect(() => liftStrings(bytesOf(text))).toThrow(
      expect.objectContaining({ code: "too_long", message: expect.stringContaining("name of a field") }),
    );
  });

  it("takes the name of a field that is shorter than what is lifted", () => {
    const text = `{"${"k".repeat(65_535)}":"${"v".repeat(65_536)}"}`;
    expect(liftStrings(bytesOf(text)).strings).toHaveLength(1);
  });

  it.each(["", '"', '"\\"', `"${"x".repeat(70_000)}`, `{"a":"${"x".repeat(70_000)}\\`])(
    "leaves %.20s… alone",
    (text) => {
      expect(textOf(liftStrings(bytesOf(text)).json)).toBe(text);
    },
  );

  it.each([
    ["a byte too short", "x".repeat(65_535), 0],
    ["just long enough", "x".repeat(65_536), 1],
    ["too short for its escapes", `\\"${"x".repeat(65_533)}`, 0],
  ])("lifts long strings only: %s", (_, content, lifted) => {
    const { json, strings } = liftStrings(bytesOf(`{"a":"${content}","b":"${"y".repeat(70_000)}"}`));
    expect(strings.length).toBe(lifted + 1);
    expect(strings.map(textOf).at(-1)).toBe("y".repeat(70_000));
    const placeholder = lifted === 1 ? "\\u0000lifted:0" : content;
    expect(textOf(json)).toBe(`{"a":"${placeholder}","b":"\\u0000lifted:${lifted}"}`);
  });

  it.each([
    ["PHP's slashes", "/9j/4AAQ", String.raw`\/9j\/4AAQ`],
    [".NET's plus", "a+b+c", String.raw`a\u002Bb\u002bc`],
    ["all of JSON's", '"\\/\b\f\n\r\té🦊', String.raw`\"\\\/\b\f\n\r\t\u00e9\ud83e\udd8a`],
    ["half a character", "a\ufffdb", String.raw`a\ud83eb`],
    ["half a character before another", "\ufffd\u4e2d", String.raw`\ud83e\u4e2d`],
  ])("resolves escapes: %s", (_, meant, written) => {
    const filling = "x".repeat(66_000);
    const { strings } = liftStrings(bytesOf(`["${written}${filling}${written}"]`));
    expect(strings.map(textOf)).toEqual([meant + filling + meant]);
  });

  it.each([String.raw`\x41`, String.raw`\u12`, String.raw`\u00zz`, "\\U0041"])(
    "refuses the escape %s",
    (escape) => {
      const text = `["${escape}${"x".repeat(66_000)}"]`;
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
      expect(() => liftStrings(bytesOf(text))).toThrow(SyntaxError);
    },
  );

  it("gives the original text if there is nothing to lift", () => {
    const bytes = bytesOf('{"a":"b"}');
    expect(liftStrings(bytes)).toEqual({ json: bytes, strings: [] });
    expect(liftStrings(bytes).json).toBe(bytes);
  });
});

describe("a picture's data URI", () => {
  it.each([
    ["data:image/png;base64,iVBORw0KGgo=", true],
    [" \t\nDATA:Image/jpeg,", true],
    ["data:text/plain,image/", false],
    ["a picture as data:image/png", false],
    ["x data:image/png;base64,iVBORw0KGgo=", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isPictureUri(text)).toBe(expected);
    // Also when it is so long that it was lifted.
    const { json } = liftStrings(bytesOf(JSON.stringify([text + "A".repeat(70_000)])));
    expect(isPictureUri((JSON.parse(textOf(json)) as string[])[0] ?? "")).toBe(expected);
  });

  it("is not a text that only ends like the replacement of one", () => {
    const { json } = liftStrings(bytesOf(JSON.stringify([`data:image/png,${"A".repeat(70_000)}`])));
    const [replacement = ""] = JSON.parse(textOf(json)) as string[];
    expect(isPictureUri(replacement)).toBe(true);
    expect(isPictureUri(replacement.slice(1))).toBe(false);
  });
});
