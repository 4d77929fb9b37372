/** Every kind of PNG, pixel by pixel: pictures that already have the model's size come out unchanged. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { pngChunk, type PngSource, SAMPLES, writePng } from "./support/write-png.ts";

/** Not a multiple of 8, so that interlacing has passes of uneven length. */
const SIZE = 37;
const KINDS = [
  ...[1, 2, 4, 8, 16].map((depth) => [0, depth]),
  ...[8, 16].map((depth) => [2, depth]),
  ...[1, 2, 4, 8].map((depth) => [3, depth]),
  ...[4, 6].flatMap((colorType) => [8, 16].map((depth) => [colorType, depth])),
] as [colorType: number, depth: number][];
const PALETTE = Uint8Array.from({ length: 256 * 3 }, (_, i) => (i * 89 + 7) % 256);
/** Alphas of the first entries; the others are opaque. */
const ALPHAS = Uint8Array.from([0, 90, 255, 128, 30]);

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

/** A sample computed as a hash of its position, so that low bytes differ from high ones. */
function noise(depth: number): PngSource["sample"] {
  return (x, y, channel) => (Math.imul(x * 31 + y * 1009 + channel * 77, 0x9e3779b1) >>> 7) % 2 ** depth;
}

function kind(colorType: number, depth: number): PngSource {
  const chunks = colorType === 3 ? [pngChunk("PLTE", PALETTE.subarray(0, 3 * 2 ** depth))] : [];
  return { width: SIZE, height: SIZE, depth, colorType, sample: noise(depth), chunks };
}

/** The expected picture: 8 bits (16 bits truncated to their high byte), on white. */
function expected({ depth, colorType, sample }: PngSource, key?: number[], alphas?: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  const samples = SAMPLES[colorType] ?? 1;
  const to8 = (value: number): number =>
    depth === 16 ? value >> 8 : Math.round((value * 255) / (2 ** depth - 1));
  for (let i = 0; i < pixels.length; i++) {
    const [x, y, channel] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE), i % 3];
    const stored = Array.from({ length: samples }, (_, s) => sample(x, y, s));
    const index = stored[0] ?? 0;
    const colour =
      colorType === 3 ? (PALETTE[3 * index + channel] ?? 0) : to8(stored[samples < 3 ? 0 : channel] ?? 0);
    const isKey = key?.every((value, s) => value === stored[s]) ?? false;
    const ownAlpha = samples % 2 === 0 ? to8(stored[samples - 1] ?? 0) : isKey ? 0 : 255;
    const alpha = colorType === 3 ? (alphas?.[index] ?? 255) : ownAlpha;
    pixels[i] = Math.round((colour * alpha + 255 * (255 - alpha)) / 255);
  }
  return pixels;
}

describe.each([false, true])("PNG, interlaced: %s", (interlaced) => {
  it.each(KINDS)("colour type %i, %i bits", async (colorType, depth) => {
    const source = { ...kind(colorType, depth), interlaced };
    expect(await decodeOne(decoder, writePng(source), SIZE)).toEqual(expected(source));
  });

  it.each(KINDS.filter(([colorType]) => colorType === 0 || colorType === 2))(
    "colour type %i, %i bits, with a transparent colour",
    async (colorType, depth) => {
      const source = { ...kind(colorType, depth), interlaced };
      const key = Array.from({ length: SAMPLES[colorType] ?? 1 }, (_, channel) =>
        source.sample(5, 9, channel),
      );
      const chunk = pngChunk("tRNS", Uint8Array.from(key.flatMap((value) => [value >> 8, value & 255])));
      const file = writePng({ ...source, chunks: [chunk] });
      expect(await decodeOne(decoder, file, SIZE)).toEqual(expected(source, key));
    },
  );

  it.each([2, 4, 8])("a palette of %i bits with alphas", async (depth) => {
    const source = { ...kind(3, depth), interlaced };
    const alphas = ALPHAS.subarray(0, 2 ** depth);
    const file = writePng({ ...source, chunks: [...(source.chunks ?? []), pngChunk("tRNS", alphas)] });
    expect(await decodeOne(decoder, file, SIZE)).toEqual(expected(source, undefined, alphas));
  });
});

it.each([1, 7, 4096, 65_536, 100_000])("joins data chunks of %i bytes", async (dataBytes) => {
  const source = { width: 512, height: 200, depth: 8, colorType: 2, sample: noise(8) };
  const whole = await decodeOne(decoder, writePng(source), SIZE);
  expect(await decodeOne(decoder, writePng({ ...source, dataBytes }), SIZE)).toEqual(whole);
});

it("ignores gamma, profiles and offsets, as the reference does", async () => {
  const source = kind(2, 8);
  const chunks = [
    pngChunk("gAMA", Uint8Array.from([0, 1, 0x86, 0xa0])),
    pngChunk("oFFs", Uint8Array.from([0, 0, 0, 5, 0, 0, 0, 7, 0])),
    pngChunk("tEXt", Buffer.from("Comment\0nothing")),
  ];
  expect(await decodeOne(decoder, writePng({ ...source, chunks }), SIZE)).toEqual(expected(source));
});
