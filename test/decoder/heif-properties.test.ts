/** Properties in the boxes of a HEIC or AVIF: crop, range of values, alpha. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeLarge } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import {
  box,
  clapBox,
  type HeicOptions,
  type Nclx,
  u32,
  u8,
  writeHeic,
  writeItems,
} from "./support/write-heic.ts";
import { writePng } from "./support/write-png.ts";

const WILD = join(import.meta.dirname, "../fixtures/wild");
const SIZE = 64;
const [WIDTH, HEIGHT] = [96, 64];

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

/** The luma as limited range stores it, 16–235. */
const luma = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => 16 + (((i % WIDTH) * 2 + (i >> 7)) % 220));
const heic = (options: HeicOptions): Uint8Array => writeHeic(luma, WIDTH, HEIGHT, options);

/** A file whose `nclx` has these values, and whose bitstream states limited range and no colours. */
async function avif(codes: number[]): Promise<Uint8Array> {
  const file = await readFile(join(WILD, "avif-nclx-full-bitstream-limited.avif"));
  file.set(codes, file.indexOf("nclx") + 4);
  return file;
}

/** An AVIF with other properties than it was written with. */
function avifWith(properties: Buffer[], width: number, height: number): Uint8Array {
  const file = Buffer.from(encodeLarge(MagickFormat.Avif, width, height));
  const configuration = file.indexOf("av1C") - 4;
  const data = file.subarray(file.indexOf("mdat") + 4);
  const own = [
    file.subarray(configuration, configuration + file.readUInt32BE(configuration)),
    box("ispe", u32(0), u32(width), u32(height)),
    box("pixi", u32(0), Buffer.from([3, 8, 8, 8])),
  ];
  return writeItems([{ id: 1, type: "av01", data, properties: [...own, ...properties] }], "avif");
}

/** The gray picture that the HEIC should decode to. */
async function gray(value: (index: number) => number, width = WIDTH, left = 0, top = 0, height = HEIGHT) {
  const sample = (x: number, y: number): number =>
    Math.min(255, Math.max(0, Math.round(value((top + y) * WIDTH + left + x))));
  return await decodeOne(decoder, writePng({ width, height, depth: 8, colorType: 0, sample }), SIZE);
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);
}

const full = (i: number): number => luma[i] ?? 0;
const limited = (i: number): number => ((full(i) - 16) * 255) / 219;
const nclx = (codes: [number, number, number], fullRange: boolean): Nclx => {
  const [primaries, transfer, matrix] = codes;
  return { primaries, transfer, matrix, fullRange };
};

describe("the range of a HEIC's values", () => {
  it.each<[what: string, options: HeicOptions, right: (i: number) => number]>([
    ["full, against the bitstream", { nclx: nclx([1, 13, 6], true), fullRange: false }, full],
    ["limited, against the bitstream", { nclx: nclx([1, 13, 6], false), fullRange: true }, limited],
    ["full, of colours unspecified", { nclx: nclx([2, 2, 2], true), fullRange: false }, full],
    ["limited, of colours unspecified", { nclx: nclx([2, 2, 2], false), fullRange: true }, limited],
    ["full, of a matrix unspecified", { nclx: nclx([1, 13, 2], true), fullRange: false }, full],
    ["full, by the bitstream alone", { nclx: null, fullRange: true }, full],
    ["limited, by the bitstream alone", { nclx: null, fullRange: false }, limited],
    ["limited, if nothing states it (H.265, E.3.1)", { nclx: null }, limited],
  ])("%s", async (_, options, right) => {
    expect(largestDifference(await decodeOne(decoder, heic(options), SIZE), await gray(right))).toBeLessThan(
      4,
    );
  });
});

describe("the range of an AVIF's values", () => {
  it.each([0, 0x80])("%i, is the container's, whether it says more of the colours or not", async (range) => {
    const unspecified = await avif([0, 2, 0, 2, 0, 2, range]);
    const bt601 = await avif([0, 1, 0, 13, 0, 6, range]);
    expect(await decodeOne(decoder, unspecified, SIZE)).toEqual(await decodeOne(decoder, bt601, SIZE));
  });
});

describe("a HEIC's crop", () => {
  it.each([
    [10, 6, 70, 50],
    [0, 0, 48, 64],
    [33, 1, 63, 63],
  ])("from %i, %i: %i × %i", async (left, top, width, height) => {
    const found = await decodeOne(decoder, heic({ crop: { left, top, width, height } }), SIZE);
    expect(largestDifference(found, await gray(full, width, left, top, height))).toBeLessThan(4);
  });

  it("before it is turned", async () => {
    const crop = { left: 16, top: 0, width: 80, height: 32 };
    const found = await decodeOne(decoder, heic({ crop, turns: 2 }), SIZE);
    const right = await gray((i) => full(i), 80, 16, 0, 32);
    const turned = right.map((_, i) => right[right.length - 3 - (i - (i % 3)) + (i % 3)] ?? 0);
    expect(largestDifference(found, turned)).toBeLessThan(4);
  });

  it("of nothing is refused", async () => {
    const file = heic({ crop: { left: 200, top: 0, width: 20, height: 20 } });
    expect((await refusalOf(decoder, file)).code).toBe("invalid_image");
  });
});

describe("an AVIF's crop", () => {
  it.each([
    ["by ImageMagick", 800, 640],
    ["by jSquash's codec", 2048, 2048],
  ])("%s, before it is turned", async (_, width, height) => {
    const crop = { left: width / 2, top: height / 4, width: width / 2, height: height / 2 };
    const file = avifWith([clapBox(crop, width, height), box("irot", u8(2))], width, height);
    // As `encodeLarge` paints it.
    const sample = (x: number, y: number, channel: number): number => {
      const column = Math.floor((64 * (width - 1 - x)) / width);
      const row = Math.floor((64 * (height - 1 - (y + height / 4))) / height);
      return [column * 4, row * 4, (column * row) % 256][channel] ?? 0;
    };
    const right = writePng({ width: crop.width, height: crop.height, depth: 8, colorType: 2, sample });
    // Encoding took so long that the kept connection may be closed: let that be noticed.
    await setImmediate();
    const [found, expected] = [await decodeOne(decoder, file, SIZE), await decodeOne(decoder, right, SIZE)];
    const difference = found.reduce((sum, value, i) => sum + Math.abs(value - (expected[i] ?? 0)), 0);
    expect(difference / found.length).toBeLessThan(6);
  });
});

describe("a HEIC's alpha", () => {
  const values = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => 255 - (i % WIDTH) * 2);
  const share = (i: number): number => (values[i] ?? 0) / 255;
  const onWhite = (i: number): number => full(i) * share(i) + 255 * (1 - share(i));

  it("is applied once if the picture is not multiplied by it", async () => {
    const found = await decodeOne(decoder, heic({ alpha: { values, premultiplied: false } }), SIZE);
    expect(largestDifference(found, await gray(onWhite))).toBeLessThan(4);
  });

  it("is not applied again if it is", async () => {
    const multiplied = luma.map((value, i) => Math.round(value * share(i)));
    const file = writeHeic(multiplied, WIDTH, HEIGHT, { alpha: { values, premultiplied: true } });
    expect(largestDifference(await decodeOne(decoder, file, SIZE), await gray(onWhite))).toBeLessThan(4);
  });
});
