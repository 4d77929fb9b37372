/**
 * Damaged files of every format. Whatever the damage, the answer is a picture or one of the error codes for pictures,
 * the isolate survives, and its memory stays below the limit. The damage comes from a seed, so it is the same in each
 * run.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { damage, random } from "./support/damage.ts";
import { encode } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { writeHeicGrid } from "./support/write-heic-grid.ts";
import { writeHeic } from "./support/write-heic.ts";

const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");
/** For more rounds: `FUZZ_ROUNDS=700 npx vitest run test/decoder/damaged-pictures.test.ts`. */
const ROUNDS = Number(process.env["FUZZ_ROUNDS"] ?? 12);
const BATCH = 16;
const SIZE = 32;
const LIMIT = 120_000_000;
const CODES = ["invalid_image", "unsupported_image_format", "image_too_large"];

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

async function originals(): Promise<Uint8Array[]> {
  const names = (await readdir(IMAGES)).filter((name) => name !== "photo_3000x2000.jpg").toSorted();
  return [
    ...(await Promise.all(names.map((name) => readFile(join(IMAGES, name))))),
    encode(MagickFormat.Avif, 40, 40, (x, y) => [x * 6, y * 6, 90]),
    writeHeic(new Uint8Array(64 * 64).fill(99), 64, 64, { turns: 1, exif: 6 }),
    writeHeicGrid(new Uint8Array(100 * 70).fill(99), 100, 70, { tile: 64, turns: 3 }),
  ];
}

it("answers every damaged file", { timeout: 60_000 + ROUNDS * 10_000 }, async () => {
  const files = await originals();
  const next = random(20_261_123);
  const sound = await decodeOne(decoder, files[0] ?? new Uint8Array(0), SIZE);
  let pictures = 0;
  const refusals = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const damaged = files.map((file) => damage(file, files[next(files.length)] ?? file, next));
    for (let from = 0; from < damaged.length; from += BATCH) {
      for (const { pixels, error } of await decoder.decode(damaged.slice(from, from + BATCH), SIZE)) {
        if (pixels === undefined) refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
        else pictures++;
      }
    }
    expect(await decoder.memory()).toBeLessThan(LIMIT);
  }
  expect([...refusals.keys()].filter((code) => !CODES.includes(code))).toEqual([]);
  // Some files must be refused and some must pass: otherwise the damage or the decoder would not be real.
  expect(pictures).toBeGreaterThan(ROUNDS);
  expect(refusals.get("invalid_image")).toBeGreaterThan(ROUNDS);
  expect(await decodeOne(decoder, files[0] ?? new Uint8Array(0), SIZE)).toEqual(sound);
});
