/** A trap inside the codec affects one picture only: the next one gets a new codec instance. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleWorker } from "../support/bundle-workers.ts";
import { workerOptions } from "../support/workers.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { writeHeicGrid } from "./support/write-heic-grid.ts";

const CONFIG = "test/decoder/support/breakable-decoder/wrangler.toml";
/** Makes the codec run out of memory in a trap. */
const EXHAUSTING_SIZE = 2;
const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");

let decoder: DecoderUnderTest;

beforeAll(async () => {
  await bundleWorker(CONFIG);
  decoder = await startDecoder(await workerOptions(CONFIG));
});

afterAll(async () => {
  await decoder.dispose();
});

it("survives traps", async () => {
  const jpeg = await readFile(join(IMAGES, "q90_444.jpg"));
  const webp = await readFile(join(IMAGES, "lossy.webp"));
  const sound = [await decodeOne(decoder, jpeg, 64), await decodeOne(decoder, webp, 64)];
  for (let trap = 0; trap < 5; trap++) {
    const [outcome] = await decoder.decode([jpeg], 1);
    expect(outcome?.error).toEqual({ code: "invalid_image", message: "the JPEG cannot be decoded" });
    expect(await decodeOne(decoder, jpeg, 64)).toEqual(sound[0]);
    expect(await decodeOne(decoder, webp, 64)).toEqual(sound[1]);
  }
});

it.each([
  ["a JPEG", () => readFile(join(IMAGES, "q90_444.jpg"))],
  ["a HEIC of tiles", () => writeHeicGrid(new Uint8Array(100 * 70).fill(99), 100, 70, { tile: 64 })],
])("reads %s again for which a used codec had no memory, even if it trapped", async (_, make) => {
  const file = await make();
  const plain = await startDecoder();
  try {
    const right = await decodeOne(plain, file, EXHAUSTING_SIZE);
    await decodeOne(decoder, await readFile(join(IMAGES, "q90_444.jpg")), 64);
    expect(await decodeOne(decoder, file, EXHAUSTING_SIZE)).toEqual(right);
  } finally {
    await plain.dispose();
  }
});
