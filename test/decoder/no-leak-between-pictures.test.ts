/**
 * One picture does not harm the next: after any files, odd or damaged, in any order, the answers for sound pictures of
 * a phone's size are the same as from a fresh decoder.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { damage, random } from "./support/damage.ts";
import { encodeLarge } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";

const WILD = join(import.meta.dirname, "../fixtures/wild");
const AVIF = join(import.meta.dirname, "../fixtures/avif");
const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");
const SIZE = 32;
/** `DAMAGED=500` runs 500 damaged files and all odd ones; the default is fewer. */
const DAMAGED = Number(process.env["DAMAGED"] ?? 24);
/** A sound picture follows after this many others. */
const EVERY = 4;

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

async function filesIn(folder: string): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith(".md")).toSorted();
  return await Promise.all(names.map((name) => readFile(join(folder, name))));
}

it("answers sound pictures after all other files", { timeout: 120_000 + DAMAGED * 3000 }, async () => {
  const sound = [
    encodeLarge(MagickFormat.WebP, 4032, 3024),
    await readFile(join(AVIF, "phone-420.avif")),
    encodeLarge(MagickFormat.Jpeg, 4032, 3024),
    encodeLarge(MagickFormat.Png, 4032, 3024),
  ];
  const right = [];
  for (const file of sound) right.push(await decodeOne(decoder, file, SIZE));
  const next = random(20_261_126);
  const wild = await filesIn(WILD);
  const images = await filesIn(IMAGES);
  const sources = [...wild, ...images];
  const pick = (files: readonly Buffer[]): Buffer => files[next(files.length)] ?? Buffer.alloc(0);
  const damaged = Array.from({ length: DAMAGED }, () => damage(pick(sources), pick(sources), next));
  // A random order: each file gets a sort key from the seed.
  const order = [...wild, ...damaged].map((file) => ({ file, key: next(2 ** 30) }));
  const shuffled = order.toSorted((a, b) => a.key - b.key).map(({ file }) => file);
  for (let from = 0, turn = 0; from < shuffled.length; from += EVERY, turn++) {
    await decoder.decode(shuffled.slice(from, from + EVERY), SIZE);
    const which = turn % sound.length;
    expect(
      await decodeOne(decoder, sound[which] ?? pick(images), SIZE),
      `after ${from + EVERY} files`,
    ).toEqual(right[which]);
  }
});
