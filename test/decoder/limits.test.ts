/** Size limits are checked from the header, before anything is decoded, and the refusal states the figures. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import { writeHeic } from "./support/write-heic.ts";

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

/** The beginning of a file that claims this size. */
type Claim = (width: number, height: number) => Uint8Array;

const png =
  (interlaced: boolean): Claim =>
  (width, height) => {
    const file = Buffer.from("89504e470d0a1a0a0000000d4948445200000000000000000806000000ffffffff", "hex");
    file.writeUInt32BE(width, 16);
    file.writeUInt32BE(height, 20);
    file[28] = interlaced ? 1 : 0;
    return file;
  };

/** @param components number of components in the frame and in the first scan */
const jpeg =
  (frame: number, components: [number, number]): Claim =>
  (width, height) => {
    const file = Buffer.from("ffd8ffc00011080000000003012200021101031101ffda0008010100003f00", "hex");
    file[3] = frame;
    file.writeUInt16BE(height, 7);
    file.writeUInt16BE(width, 9);
    file[11] = components[0];
    file[25] = components[1];
    return file;
  };

const webp =
  (flags: number, chunk: string): Claim =>
  (width, height) => {
    const file = Buffer.from(`RIFF....WEBPVP8X\x0a\0\0\0..........${chunk}\x04\0\0\0....`, "latin1");
    file[20] = flags;
    file.writeUIntLE(width - 1, 24, 3);
    file.writeUIntLE(height - 1, 27, 3);
    return file;
  };

/** The canvas counts, even if the frame on it is small. */
const animatedWebp: Claim = (width, height) => {
  const file = Buffer.from(webp(0x02, "ANMF")(width, height));
  file.writeUInt32LE(28, 34);
  file.fill(0, 38);
  return Buffer.concat([file, Buffer.alloc(12), Buffer.from("VP8L\x04\0\0\0....", "latin1")]);
};

const vp8: Claim = (width, height) => {
  const file = Buffer.from("RIFF....WEBPVP8 \x0a\0\0\0..........", "latin1");
  file.writeUInt16LE(width, 26);
  file.writeUInt16LE(height, 28);
  return file;
};

const gif: Claim = (width, height) => {
  const file = Buffer.from("474946383961ffffffff00000021f90400000000002c0000000008000800000000", "hex");
  file.writeUInt16LE(width, 6);
  file.writeUInt16LE(height, 8);
  return file;
};

const bmp: Claim = (width, height) => {
  const file = Buffer.alloc(54);
  file.write("BM");
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(-height, 22);
  return file;
};

/** @param depth bits of each of three samples, all in one strip */
const tiff =
  (depth: number): Claim =>
  (width, height) => {
    const tags = [
      [256, 4, 1, width],
      [257, 4, 1, height],
      [258, 3, 3, 58],
      [277, 3, 1, 3],
    ];
    const file = Buffer.alloc(64);
    file.write("II*\0");
    file.writeUInt32LE(8, 4);
    file.writeUInt16LE(tags.length, 8);
    for (const [i, [tag = 0, type = 0, count = 0, value = 0]] of tags.entries()) {
      file.writeUInt16LE(tag, 10 + 12 * i);
      file.writeUInt16LE(type, 12 + 12 * i);
      file.writeUInt32LE(count, 14 + 12 * i);
      file.writeUInt32LE(value, 18 + 12 * i);
    }
    for (const at of [58, 60, 62]) file.writeUInt16LE(depth, at);
    return file;
  };

const bilevelTiff: Claim = (width, height) => {
  const file = Buffer.from(tiff(1)(width, height));
  file.writeUInt32LE(1, 54);
  return file;
};

const heic: Claim = (width, height) => writeHeic(new Uint8Array(4), 2, 2, { claimed: { width, height } });
const avif: Claim = (width, height) => {
  const file = Buffer.from(heic(width, height));
  file.write("avif", 8);
  file.write("avif", 20);
  file.write("av01", file.indexOf("hvc1"));
  return file;
};
/** An AVIF with several pictures, rotated and then cropped: the reader of plain AVIF leaves it to ImageMagick. */
const unusualAvif: Claim = (width, height) => {
  const file = Buffer.from(avif(width, height));
  file.write("iden", file.indexOf("av01"));
  return file;
};

/** Sides just above each limit. */
const CLAIMS: [coding: string, claim: Claim, width: number, height: number, megapixels: number][] = [
  ["baseline JPEG", jpeg(0xc0, [3, 3]), 8001, 6000, 48],
  ["progressive JPEG", jpeg(0xc2, [3, 3]), 4001, 4000, 16],
  // A scan for each colour: as expensive as progressive.
  ["progressive JPEG", jpeg(0xc0, [3, 1]), 4001, 4000, 16],
  ["PNG", png(false), 5001, 5000, 25],
  ["PNG", png(false), 20_000, 20_000, 25],
  ["interlaced PNG", png(true), 4001, 3100, 12.2],
  ["WebP", vp8, 4001, 3100, 12.2],
  ["WebP", webp(0, "VP8 "), 4001, 3100, 12.2],
  ["WebP with alpha", webp(0x10, "ALPH"), 4001, 3100, 12.2],
  ["lossless WebP", webp(0x10, "VP8L"), 4001, 3100, 12.2],
  ["lossless WebP", animatedWebp, 4001, 3100, 12.2],
  ["GIF", gif, 4001, 3100, 12.2],
  ["BMP", bmp, 4001, 3100, 12.2],
  ["TIFF", tiff(8), 4001, 3100, 12.2],
  ["bilevel TIFF", bilevelTiff, 4001, 4000, 16],
  ["AVIF", avif, 4001, 3100, 12.2],
  ["AVIF of an unusual structure", unusualAvif, 2001, 2000, 4],
  ["HEIC", heic, 3001, 2001, 6],
];

describe("a picture beyond the limit", () => {
  it.each(CLAIMS)("%s", async (coding, claim, width, height, megapixels) => {
    const { code, message } = await refusalOf(decoder, claim(width, height));
    expect(code).toBe("image_too_large");
    expect(message).toContain(
      `${width} × ${height} pixels; the limit for ${coding} is ${megapixels} megapixels`,
    );
  });

  it.each(CLAIMS)("%s: within the limit, the refusal has another reason", async (_, claim) => {
    expect((await refusalOf(decoder, claim(640, 480))).code).toBe("invalid_image");
  });

  it("a side above 16,384 pixels", async () => {
    const { code, message } = await refusalOf(decoder, jpeg(0xc0, [3, 3])(16_385, 10));
    expect(code).toBe("image_too_large");
    expect(message).toContain("16384 pixels a side");
  });

  it("a TIFF all in one strip that would have to be held twice", async () => {
    const { code, message } = await refusalOf(decoder, tiff(16)(4000, 3000));
    expect(code).toBe("image_too_large");
    expect(message).toContain("a TIFF of 4000 × 3000 pixels in so few strips");
  });

  it("a HEIC file that is large, whatever its picture", async () => {
    const file = Buffer.concat([heic(100, 100), Buffer.alloc(6_000_000)]);
    const { code, message } = await refusalOf(decoder, file);
    expect(code).toBe("image_too_large");
    expect(message).toContain("the limit is 6000000");
  });

  it("a GIF whose first picture is larger than its canvas", async () => {
    const file = Buffer.from(gif(10, 10));
    file.writeUInt16LE(5000, 26);
    file.writeUInt16LE(5000, 28);
    expect((await refusalOf(decoder, file)).message).toContain("5000 × 5000");
  });

  it("takes no memory, because nothing was decoded", async () => {
    // The codec's own memory at its start, and a few files of a kilobyte.
    expect((await decoder.stats()).wasmBytes).toBeLessThan(25_000_000);
  });
});
