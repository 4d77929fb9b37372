/** Compares the deployed decoder with the reference's preprocessing, picture by picture. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { readPng } from "./support/parse-png.ts";

const PICTURES = join(import.meta.dirname, "../fixtures/pictures");
const SIZE = 256;

/**
 * Mean absolute difference allowed, in levels. Lossless formats have only one correct result, and the resize is exact.
 * Lossy ones were decoded with the libraries that the reference used, so far with the same bits; a later version may
 * round differently in places. The large photo is decoded at 3/8 of its size, which measures 0.23.
 */
function tolerance(name: string): number {
  if (name === "photo_3000x2000.jpg") return 0.5;
  return /\.jpg$|^lossy\.|^alpha\.webp$/.test(name) ? 0.1 : 0;
}

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

describe("the decoder", async () => {
  const names = (await readdir(join(PICTURES, "images"))).toSorted();

  it.each(names)("preprocesses %s as the reference does", async (name) => {
    const found = await decodeOne(decoder, await readFile(join(PICTURES, "images", name)), SIZE);
    const { pixels } = readPng(await readFile(join(PICTURES, "expected", `${name}.png`)));
    expect(found).toHaveLength(pixels.length);
    const differences = found.map((value, i) => Math.abs(value - (pixels[i] ?? 0)));
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    expect(mean).toBeLessThanOrEqual(tolerance(name));
  });
});
