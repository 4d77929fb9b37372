/**
 * Damaged files of every format: whatever is done to a file, the answer is a picture or a refusal in the picture's own
 * codes, the isolate lives, and its memory keeps below the limit. The same damage every time.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encode } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { writeHeicGrid } from "./support/write-heic-grid.ts";
import { writeHeic } from "./support/write-heic.ts";

const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");
/** More by `FUZZ_ROUNDS=700 npx vitest run test/decoder/fuzz.test.ts`. */
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

/** Numbers from a seed, each below `limit` (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** Flips bits, sets bytes to extremes, cuts, or puts a piece of one file into another. */
function damage(file: Uint8Array, other: Uint8Array, next: (limit: number) => number): Uint8Array {
  const copy = Uint8Array.from(file);
  const kind = next(5);
  // Half of the damage goes where headers are.
  const at = (): number => next(next(2) === 0 ? Math.min(200, copy.length) : copy.length);
  const times = 1 + next(8);
  for (let i = 0; i < times; i++) {
    const where = at();
    if (kind === 0) copy[where] = (copy[where] ?? 0) ^ (1 << next(8));
    else if (kind === 1) copy[where] = [0, 1, 0x7f, 0x80, 0xff][next(5)] ?? 0;
    else if (kind === 2) copy.set(other.subarray(0, Math.min(64, copy.length - where)), where);
    else if (kind === 3) copy.copyWithin(where, at(), at());
    else return copy.subarray(0, next(copy.length) + 1);
  }
  return copy;
}

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
  // Neither is everything refused nor does everything pass: the damage is real and the decoder is at work.
  expect(pictures).toBeGreaterThan(ROUNDS);
  expect(refusals.get("invalid_image")).toBeGreaterThan(ROUNDS);
  expect(await decodeOne(decoder, files[0] ?? new Uint8Array(0), SIZE)).toEqual(sound);
});
