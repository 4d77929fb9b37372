/**
 * The largest memory of an isolate for the largest pictures of each kind, and its recovery after pictures that do not
 * fit.
 */
import { ColorSpace, Interlace, MagickFormat } from "@imagemagick/magick-wasm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeLarge } from "./support/encode.ts";
import { peakOf } from "./support/peak-of.ts";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import {
  manyAssociations,
  manyItems,
  manyPngChunks,
  manyProperties,
  manyTiffTags,
  manyWebpChunks,
} from "./support/write-long-lists.ts";
import { writePng } from "./support/write-png.ts";

/** Bytes; the platform ends an isolate at 128 MB. */
const LIMIT = 120_000_000;

let decoder: DecoderUnderTest;

beforeEach(async () => {
  decoder = await startDecoder();
});

afterEach(async () => {
  await decoder.dispose();
});

/** 4032 × 3024 RGBA with noise in one corner. */
function largePng(): Uint8Array {
  return writePng({
    width: 4032,
    height: 3024,
    depth: 8,
    colorType: 6,
    interlaced: true,
    sample: (x, y, channel) => (x < 400 && y < 400 ? (x * y * 7 + channel) % 256 : 200),
    level: 1,
  });
}

describe("one picture at a time fits", () => {
  it.each<[what: string, file: () => Uint8Array]>([
    ["48 MP baseline JPEG", () => encodeLarge(MagickFormat.Jpeg, 8000, 6000)],
    [
      "16 MP progressive JPEG",
      () =>
        encodeLarge(MagickFormat.Jpeg, 4896, 3264, (image) => {
          image.settings.interlace = Interlace.Jpeg;
          image.settings.setDefine(MagickFormat.Jpeg, "sampling-factor", "4:2:0");
        }),
    ],
    ["12 MP interlaced RGBA PNG", largePng],
    ["12 MP lossy WebP", () => encodeLarge(MagickFormat.WebP, 4032, 3024)],
    ["12 MP GIF", () => encodeLarge(MagickFormat.Gif, 4032, 3024)],
  ])("%s", async (_, make) => {
    const file = make();
    expect(await peakOf(decoder, () => decodeOne(decoder, file, 256))).toBeLessThan(LIMIT);
  });
});

/** A four-channel JPEG of 16 megapixels keeps 128 MB of coefficients: only the memory's maximum stops it. */
function tooLarge(): Uint8Array {
  return encodeLarge(MagickFormat.Jpeg, 4896, 3264, (image) => {
    image.colorSpace = ColorSpace.CMYK;
    image.settings.interlace = Interlace.Jpeg;
    image.settings.setDefine(MagickFormat.Jpeg, "sampling-factor", "4:4:4");
  });
}

it("refuses a picture whose header does not show its memory, and goes on", async () => {
  const file = tooLarge();
  const small = encodeLarge(MagickFormat.Jpeg, 300, 200);
  const before = await decodeOne(decoder, small, 64);
  const most = await peakOf(decoder, async () => {
    const { code, message } = await refusalOf(decoder, file);
    expect(code).toBe("image_too_large");
    expect(message).toContain("a JPEG of 4896 × 3264 pixels needs more memory");
    expect(await decodeOne(decoder, small, 64)).toEqual(before);
  });
  expect(most).toBeLessThan(LIMIT);
});

describe("a list of a million parts takes no memory beside the codec's, which is as large as it gets", () => {
  it.each<[what: string, file: () => Uint8Array]>([
    ["chunks of a WebP", () => manyWebpChunks(2_000_000)],
    ["properties of a HEIC", () => manyProperties(1_000_000)],
    ["items of a HEIC", () => manyItems(900_000)],
    ["associations of a HEIC", manyAssociations],
    ["chunks of a PNG", () => manyPngChunks("teSt", 1_600_000)],
    ["data chunks of a PNG", () => manyPngChunks("IDAT", 1_600_000)],
    ["tags of a TIFF", manyTiffTags],
  ])("%s", async (_, make) => {
    const file = make();
    const small = encodeLarge(MagickFormat.Jpeg, 300, 200);
    const before = await decodeOne(decoder, small, 64);
    expect((await refusalOf(decoder, tooLarge())).code).toBe("image_too_large");
    const most = await peakOf(decoder, async () => {
      expect((await refusalOf(decoder, file)).code).toBe("invalid_image");
    });
    expect(most).toBeLessThan(LIMIT);
    expect(await decodeOne(decoder, small, 64)).toEqual(before);
  });
});

it("serves many requests at once, one picture after another", async () => {
  const file = encodeLarge(MagickFormat.WebP, 3000, 2000);
  const alone = await decodeOne(decoder, file, 64);
  const most = await peakOf(decoder, async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => decoder.decode([file, file], 64)));
    for (const { pixels } of all.flat()) expect(pixels).toEqual(alone);
  });
  expect(most).toBeLessThan(LIMIT);
});
