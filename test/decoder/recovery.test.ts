/** A trap inside the codec costs one picture: the next one gets a new codec. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleWorker } from "../support/bundle-workers.ts";
import { workerOptions } from "../support/workers.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";

const CONFIG = "test/decoder/support/breakable-decoder/wrangler.toml";
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
