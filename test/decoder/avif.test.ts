/**
 * AVIF of every chroma layout, depth, range and matrix decodes as libavif decodes it, and each may have a phone's 12
 * megapixels. `test/fixtures/avif/README.md` says how the files were made.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peakOf } from "./support/peak-of.ts";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/avif");
const SIZE = 64;
/** Bytes; the platform ends an isolate at 128 MB. */
const LIMIT = 120_000_000;
/**
 * Mean difference allowed, in levels of 255. libavif rounds to 6 bits, and converts 10-bit alpha to 8 bits by another
 * rule.
 */
const MEAN_DIFFERENCE = 0.6;
const names = (await readdir(FIXTURES)).filter((name) => name.endsWith(".avif"));

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

const fixture = (name: string): Promise<Buffer> => readFile(join(FIXTURES, name));

function meanDifference(found: Uint8Array, right: Uint8Array): number {
  return found.reduce((sum, value, i) => sum + Math.abs(value - (right[i] ?? 0)), 0) / found.length;
}

describe("an AVIF's colours", () => {
  it.each(names.filter((name) => name.startsWith("small")))("%s", async (name) => {
    const right = await decodeOne(decoder, await fixture(name.replace(".avif", ".right.png")), SIZE);
    const found = await decodeOne(decoder, await fixture(name), SIZE);
    expect(meanDifference(found, right)).toBeLessThan(MEAN_DIFFERENCE);
  });
});

describe("12 megapixels", () => {
  it.each(names.filter((name) => name.startsWith("phone")))("%s", async (name) => {
    const file = await fixture(name);
    const fresh = await startDecoder();
    try {
      let found = new Uint8Array(0);
      const peak = await peakOf(fresh, async () => {
        found = Uint8Array.from(await decodeOne(fresh, file, SIZE));
      });
      expect(peak).toBeLessThan(LIMIT);
      // The picture is a gradient: red grows to the right.
      expect(found[3 * (SIZE - 1)]).toBeGreaterThan(found[0] ?? 255);
    } finally {
      await fresh.dispose();
    }
  });

  it("gives the same result after a refused picture, after another codec's picture, and on a fresh decoder", async () => {
    const [file, jpeg] = [await fixture("phone-420.avif"), await fixture("small-420.right.png")];
    const fresh = await decodeOne(decoder, file, SIZE);
    const cut = file.subarray(0, file.length - 2000);
    expect((await refusalOf(decoder, cut)).code).toBe("invalid_image");
    expect(await decodeOne(decoder, file, SIZE)).toEqual(fresh);
    await decodeOne(decoder, jpeg, SIZE);
    expect(await decodeOne(decoder, file, SIZE)).toEqual(fresh);
  });
});

describe("an AVIF that is damaged", () => {
  it.each([
    ["no data", (file: Buffer) => file.fill(0, file.indexOf("mdat") + 4)],
    ["half of its data", (file: Buffer) => file.subarray(0, file.length >> 1)],
    ["all but its last bytes", (file: Buffer) => file.subarray(0, file.length - 20)],
    [
      "a size other than its picture's",
      (file: Buffer) => file.fill(99, file.indexOf("ispe") + 11, file.indexOf("ispe") + 12),
    ],
  ])("%s", async (_, change) => {
    const file = change(Buffer.from(await fixture("small-444.avif")));
    expect((await refusalOf(decoder, file)).code).toBe("invalid_image");
  });
});
