/**
 * HEIC pictures made of tiles decode like the same picture in one piece, at any size, and are refused if a part is
 * wrong.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import { writeHeic } from "./support/write-heic.ts";
import { type GridOptions, writeHeicGrid } from "./support/write-heic-grid.ts";

const SIZE = 64;

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

const picture = (width: number, height: number): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.round(120 + 60 * Math.sin(x / 9) + 60 * Math.cos((y + x) / 13));
  });

const grid = (width: number, height: number, options: GridOptions): Uint8Array =>
  writeHeicGrid(picture(width, height), width, height, options);

describe("a picture of tiles", () => {
  it.each<[width: number, height: number, options: GridOptions]>([
    [128, 128, { tile: 64 }],
    [200, 136, { tile: 64 }],
    [130, 258, { tile: 64 }],
    [300, 70, { tile: 96 }],
    [96, 96, { tile: 96 }],
    [200, 136, { tile: 64, inFile: true }],
    [200, 136, { tile: 64, auxiliary: "urn:mpeg:hevc:2015:auxid:2" }],
    ...[0, 1, 2, 3].flatMap((turns): [number, number, GridOptions][] => [
      [200, 136, { tile: 64, turns }],
      [200, 136, { tile: 64, turns, mirror: 0 }],
      [200, 136, { tile: 64, turns, mirror: 1 }],
    ]),
    [200, 136, { tile: 64, crop: { left: 20, top: 30, width: 140, height: 90 } }],
    [200, 136, { tile: 64, crop: { left: 0, top: 46, width: 101, height: 90 }, turns: 1 }],
    [200, 136, { tile: 64, crop: { left: 99, top: 0, width: 101, height: 77 }, turns: 2, mirror: 1 }],
    [200, 136, { tile: 64, mirror: 0 }],
    [200, 136, { tile: 64, mirror: 1 }],
    // Colour profiles are ignored, so a large one that all tiles share costs nothing.
    [384, 512, { tile: 64, ballast: { bytes: 560_000, times: 1 } }],
    [128, 128, { tile: 64, ballast: { bytes: 2_000_000, times: 200 } }],
  ])("of %i × %i, %j, is as in one piece", async (width, height, options) => {
    const { turns, mirror, crop } = options;
    const transformations = {
      ...(turns === undefined ? {} : { turns }),
      ...(mirror === undefined ? {} : { mirror }),
      ...(crop === undefined ? {} : { crop }),
    };
    const whole = writeHeic(picture(width, height), width, height, transformations);
    expect(await decodeOne(decoder, grid(width, height, options), SIZE)).toEqual(
      await decodeOne(decoder, whole, SIZE),
    );
  });

  it("may have 12 megapixels", { timeout: 60_000 }, async () => {
    const [width, height] = [4032, 3024];
    const luma = new Uint8Array(width * height);
    for (let i = 0; i < luma.length; i++) luma[i] = ((i % width) >> 4) % 256;
    for (const turns of [0, 3]) {
      const file = writeHeicGrid(luma, width, height, { tile: 512, turns });
      const pixels = await decodeOne(decoder, file, SIZE);
      expect(pixels).toHaveLength(SIZE * SIZE * 3);
      expect(await decoder.memory()).toBeLessThan(120_000_000);
    }
  });
});

/** Changes bytes after the first occurrence of `at` in the file. */
const patched = (file: Uint8Array, at: string, offset: number, ...bytes: number[]): Uint8Array => {
  const copy = Uint8Array.from(file);
  copy.set(bytes, Buffer.from(copy.buffer).indexOf(at) + offset);
  return copy;
};
const small = (): Uint8Array => grid(128, 128, { tile: 64 });

describe("a grid is refused", () => {
  it.each<[what: string, file: () => Uint8Array, code: string]>([
    ["that misses a tile", () => grid(128, 128, { tile: 64, missing: 1 }), "invalid_image"],
    ["whose tiles do not cover it", () => patched(small(), "idat", 8, 1, 0, 1, 0), "invalid_image"],
    ["of no size", () => patched(small(), "idat", 8, 0, 0, 0, 0), "invalid_image"],
    ["whose tile refers to itself", () => patched(small(), "dimg", 8, 0, 5), "invalid_image"],
    ["whose tile is outside the file", () => patched(small(), "iloc", 20, 0x7f, 0, 0, 0), "invalid_image"],
    [
      "whose tile is nonsense",
      () => patched(small(), "mdat", 4, ...new Uint8Array(64).fill(0xaa)),
      "invalid_image",
    ],
    ["whose tiles state another size", () => patched(small(), "ispe", 8, 0, 0, 0, 128), "invalid_image"],
    [
      "whose tiles share a property of 7 MB",
      () => grid(128, 128, { tile: 64, ballast: { bytes: 7_000_000, times: 1, type: "pixi" } }),
      "image_too_large",
    ],
    [
      "with a row of tiles that does not fit in memory",
      () => {
        const luma = new Uint8Array(6 * 1920 ** 2).fill(100);
        return writeHeicGrid(luma, 6 * 1920, 1920, { tile: 1920, sameData: true });
      },
      "image_too_large",
    ],
    ["that ends in its boxes", () => small().subarray(0, 300), "invalid_image"],
    [
      "of 100 megapixels",
      () => {
        const file = grid(128, 128, { tile: 64 });
        // Tiles of 5000 × 5000 that would cover it.
        return patched(
          patched(file, "ispe", 8, 0, 0, 0x13, 0x88, 0, 0, 0x13, 0x88),
          "idat",
          8,
          0x27,
          0x10,
          0x27,
          0x10,
        );
      },
      "image_too_large",
    ],
  ])("%s", async (_, file, code) => {
    expect((await refusalOf(decoder, file())).code).toBe(code);
    const sound = await decodeOne(decoder, small(), SIZE);
    expect(sound).toHaveLength(SIZE * SIZE * 3);
  });

  it("at once if its 4,096 tiles share a property of 5 MB", async () => {
    const ballast = { bytes: 5_000_000, times: 1, type: "pixi" } as const;
    const file = writeHeicGrid(new Uint8Array(2048 * 2048), 2048, 2048, { tile: 32, ballast });
    const sound = await decodeOne(decoder, small(), SIZE);
    const start = performance.now();
    const { code, message } = await refusalOf(decoder, file);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(code).toBe("image_too_large");
    expect(message).toContain("the limit is 40000000");
    expect(await decodeOne(decoder, small(), SIZE)).toEqual(sound);
  });
});
