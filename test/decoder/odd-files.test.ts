/**
 * Odd but complete files, each compared with the same picture without its oddity; and similar files that lack pixels,
 * which are refused.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode, encodeFrames, type Painter } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import { writeBmp } from "./support/write-bmp-variants.ts";
import { pngChunk, writePng } from "./support/write-png.ts";
import { writeTiff } from "./support/write-tiff.ts";

const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");
const SIZE = 64;
const EOI_BYTES = 2;
const EOI = Buffer.from([0xff, 0xd9]);

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

type Change = (file: Buffer) => Buffer;
/** File, description of the change, the change. */
type Case = [name: string, what: string, change: Change];

const cut =
  (bytes: number): Change =>
  (file) =>
    file.subarray(0, file.length - bytes);
const append =
  (bytes: Buffer): Change =>
  (file) =>
    Buffer.concat([file, bytes]);
const replaceEnd =
  (bytes: number, by: Buffer): Change =>
  (file) =>
    Buffer.concat([file.subarray(0, file.length - bytes), by]);
const insert =
  (at: number, bytes: Buffer): Change =>
  (file) =>
    Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]);
const setUint32 =
  (at: number, value: number): Change =>
  (file) => {
    file.writeUInt32LE(value, at);
    return file;
  };

async function changed([name, , change]: Case): Promise<Buffer> {
  return change(Buffer.from(await readFile(join(IMAGES, name))));
}

const TRAILER = Buffer.from("SEFT a phone's trailer");

const WHOLE: Case[] = [
  ["rgb.png", "bytes after its end", append(TRAILER)],
  ["rgb.png", "no end chunk", cut(12)],
  ["rgb.png", "no checksum of its last data", cut(16)],
  ["q90_444.jpg", "no end marker", cut(EOI_BYTES)],
  ["q90_444.jpg", "zeros for an end marker", replaceEnd(EOI_BYTES, Buffer.alloc(500))],
  ["progressive.jpg", "no end marker", cut(EOI_BYTES)],
  ["progressive.jpg", "a trailer for an end marker", replaceEnd(EOI_BYTES, TRAILER)],
  ["plain.bmp", "a file size of 0", setUint32(2, 0)],
  ["plain.bmp", "a file size beyond all", setUint32(2, 0x7fffffff)],
  ["plain.bmp", "a picture size beyond all", setUint32(34, 0x7fffffff)],
  ["plain.bmp", "bytes after its pixels", append(TRAILER)],
  ["plain.gif", "no trailer", cut(1)],
  ["plain.gif", "bytes after its trailer", append(TRAILER)],
  ["lossy.webp", "a RIFF size of 0", setUint32(4, 0)],
  ["lossless.webp", "a RIFF size beyond all", setUint32(4, 0x7fffffff)],
  ["alpha.webp", "a chunk size beyond all", setUint32(16, 0xfffffffe)],
  ["lossy.webp", "bytes after its end", append(TRAILER)],
  ["plain.tiff", "bytes after its end", append(TRAILER)],
];

const CUT: Case[] = [
  ["rgb.png", "the last pixels missing", cut(30)],
  ["q90_444.jpg", "the last pixels missing", cut(20)],
  [
    "q90_444.jpg",
    "a trailer for its second half",
    (file) => Buffer.concat([file.subarray(0, file.length / 2), TRAILER]),
  ],
  [
    "progressive.jpg",
    "its last scan missing",
    (file) => file.subarray(0, file.lastIndexOf(Buffer.from([0xff, 0xc4]))),
  ],
  [
    "q90_444.jpg",
    "the second half missing, an end marker put back",
    (file) => Buffer.concat([file.subarray(0, file.length / 2), EOI]),
  ],
  [
    "cmyk.jpg",
    "the last pixels missing, an end marker put back",
    (file) => Buffer.concat([file.subarray(0, file.length - 40), EOI]),
  ],
  [
    "gray.jpg",
    "the last pixels missing, an end marker put back",
    (file) => Buffer.concat([file.subarray(0, file.length - 40), EOI]),
  ],
  [
    "progressive.jpg",
    "cut in its last scan, an end marker put back",
    (file) => Buffer.concat([file.subarray(0, file.length - 40), EOI]),
  ],
  ["plain.bmp", "the last pixel missing", cut(3)],
  ["lossy.webp", "the last pixels missing", cut(10)],
  ["lossless.webp", "the last pixels missing", cut(10)],
  ["plain.gif", "the last pixels missing", cut(20)],
];

const ODD: Case[] = [
  ["q90_444.jpg", "a zero after the start marker", insert(2, Buffer.alloc(1))],
  ["gray.jpg", "text after the start marker", insert(2, Buffer.from("nonsense"))],
  ["progressive.jpg", "a kilobyte after the start marker", insert(2, Buffer.alloc(1000))],
  ["q90_444.jpg", "zeros before a segment", insert(20, Buffer.alloc(3))],
  ["q90_444.jpg", "a comment of no length", insert(20, Buffer.from([0xff, 0xfe, 0, 0]))],
  [
    "q90_444.jpg",
    "a comment longer than it says",
    insert(20, Buffer.from("\xff\xfe\0\x04abcdefgh", "latin1")),
  ],
  ["progressive.jpg", "text before a segment", insert(20, Buffer.from("nonsense"))],
  [
    "plain.gif",
    "zeros before the picture",
    (file) => insert(13 + 3 * 2 ** (((file[10] ?? 0) & 7) + 1), Buffer.alloc(2))(file),
  ],
  [
    "plain.gif",
    "0xFF before the picture",
    (file) => insert(13 + 3 * 2 ** (((file[10] ?? 0) & 7) + 1), Buffer.from([255]))(file),
  ],
];

describe("a file with all of its pixels is whole", () => {
  it.each(WHOLE)("%s: %s", async (...odd) => {
    const right = await decodeOne(decoder, await readFile(join(IMAGES, odd[0])), SIZE);
    expect(await decodeOne(decoder, await changed(odd), SIZE)).toEqual(right);
  });

  it.each([1, 4, 5])("a PNG whose data lacks its last %i bytes, which are no pixels", async (missing) => {
    const file = png();
    const data = pngData(file);
    const odd = Buffer.concat([
      file.subarray(0, 33),
      pngChunk("IDAT", data.subarray(0, data.length - missing)),
    ]);
    expect(await decodeOne(decoder, odd, SIZE)).toEqual(await decodeOne(decoder, file, SIZE));
  });

  it("an interlaced PNG with an extra data chunk", async () => {
    const file = png(true);
    const end = file.length - 12;
    const odd = insert(end, pngChunk("IDAT", Buffer.alloc(70_000, 7)))(file);
    expect(await decodeOne(decoder, odd, SIZE)).toEqual(await decodeOne(decoder, file, SIZE));
  });
});

describe("a file cut in its pixels is refused", () => {
  it.each(CUT)("%s: %s", async (...odd) => {
    expect((await refusalOf(decoder, await changed(odd))).code).toBe("invalid_image");
  });
});

describe("unknown parts are skipped", () => {
  it.each(ODD)("%s: %s", async (...odd) => {
    const right = await decodeOne(decoder, await readFile(join(IMAGES, odd[0])), SIZE);
    expect(await decodeOne(decoder, await changed(odd), SIZE)).toEqual(right);
  });

  it.each([
    ["a private tag beyond the end", { tags: [[40_000, 2, 100, 0x7ffffff0]] }],
    ["a private tag with more values than the file has bytes", { tags: [[40_001, 4, 0x1000_0000, 8]] }],
    ["a private tag of no type that there is", { tags: [[40_002, 99, 5, 8]] }],
    ["an EXIF block beyond the end", { tags: [[34_665, 4, 1, 0x7ffffff0]] }],
    ["an EXIF block that is not EXIF", { tags: [[34_665, 4, 1, 8]] }],
    ["a GPS block beyond the end", { tags: [[34_853, 4, 1, 0x7ffffff0]] }],
    ["an orientation that does not exist", { tags: [[274, 3, 1, 9]] }],
    ["a resolution unit that does not exist", { tags: [[296, 3, 1, 77]] }],
    ["a next page beyond the end", { next: 0x7ffffff0 }],
    ["itself as the next page", { next: 8 + 16 * 16 }],
  ] as const)("TIFF: %s", async (_, options) => {
    const picture = { width: 16, height: 16, depth: 8, data: gradient((value) => [value]) };
    const right = await decodeOne(decoder, writeTiff(picture), 16);
    expect(await decodeOne(decoder, writeTiff({ ...picture, ...options }), 16)).toEqual(right);
  });
});

const FIRST: Painter = (x, y) => [x * 4, y * 4, 90];
const OTHER: Painter = () => [255, 0, 0];
describe("an animated WebP shows its first frame", () => {
  it.each([2, 4, 5, 30])("of %i", async (frames) => {
    const painters = [FIRST, ...Array.from({ length: frames - 1 }, () => OTHER)];
    const still = encode(MagickFormat.WebP, SIZE, SIZE, FIRST, (image) => {
      image.settings.setDefine(MagickFormat.WebP, "lossless", "true");
    });
    const right = await decodeOne(decoder, still, SIZE);
    const found = await decodeOne(decoder, encodeFrames(MagickFormat.WebP, SIZE, SIZE, painters), SIZE);
    // The codec writes lossy frames.
    const difference = found.reduce((sum, value, i) => sum + Math.abs(value - (right[i] ?? 0)), 0);
    expect(difference / found.length).toBeLessThan(6);
  });
});

const unsigned = (): Promise<Uint8Array> =>
  decodeOne(decoder, writeTiff({ width: 16, height: 16, depth: 8, data: gradient((value) => [value]) }), 16);

describe("colours follow the format's specification", () => {
  it.each([
    ["8 bits", 8, (value: number) => [value ^ 0x80]],
    ["16 bits", 16, (value: number) => [value, value ^ 0x80]],
  ] as const)("signed TIFF, %s", async (_, depth, bytes) => {
    const tags = [[339, 3, 1, 2]] as const;
    const file = writeTiff({ width: 16, height: 16, depth, tags, data: gradient(bytes) });
    expect(await decodeOne(decoder, file, 16)).toEqual(await unsigned());
  });

  it.each([1, 2, 4, 8])("WhiteIsZero TIFF of %i bits", async (depth) => {
    const data = Buffer.from(Array.from({ length: 2 * 16 * depth }, (_, i) => (i * 37) % 256));
    const inverted = Array.from(data, (byte: number) => 255 - byte);
    const black = writeTiff({ width: 16, height: 16, depth, data });
    const white = writeTiff({ width: 16, height: 16, depth, data: Buffer.from(inverted), whiteIsZero: true });
    expect(await decodeOne(decoder, white, 16)).toEqual(await decodeOne(decoder, black, 16));
  });

  it.each([0, 1, 128, 255])("the reserved byte of a 32-bit BMP, %i", async (reserved) => {
    const found = await decodeOne(decoder, writeBmp({ header: "windows", reserved }), 16);
    expect(found).toEqual(await decodeOne(decoder, writeBmp({ header: "windows" }), 16));
  });

  it.each(["alpha mask", "alpha mask behind"] as const)("the alpha of a BMP with %s", async (header) => {
    const clear = await decodeOne(decoder, writeBmp({ header, reserved: 0 }), 16);
    expect(clear.every((value) => value === 255)).toBe(true);
    const solid = await decodeOne(decoder, writeBmp({ header, reserved: 255 }), 16);
    expect(solid).toEqual(await decodeOne(decoder, writeBmp({ header: "windows" }), 16));
  });

  describe.each([
    "os2",
    "os2 of 16 bytes",
    "os2 of 24 bytes",
    "os2 of 46 bytes",
    "os2 second",
    "windows",
    "alpha mask behind",
  ] as const)("a BMP of %s", (header) => {
    const palette = header !== "alpha mask behind";

    it("has its palette, if it may have one, and its pixels", async () => {
      const right = await decodeOne(decoder, writeBmp({ header: "windows", palette }), 16);
      expect(await decodeOne(decoder, writeBmp({ header, palette, reserved: 255 }), 16)).toEqual(right);
    });

    it("is read without knowing where its pixels are", async () => {
      const right = await decodeOne(decoder, writeBmp({ header: "windows", palette }), 16);
      const file = writeBmp({ header, palette, reserved: 255, withoutOffset: true });
      expect(await decodeOne(decoder, file, 16)).toEqual(right);
    });
  });

  it.each(["os2 of 16 bytes", "os2 of 46 bytes"] as const)(
    "32 bits a pixel in a BMP of %s",
    async (header) => {
      const right = await decodeOne(decoder, writeBmp({ header: "windows" }), 16);
      expect(await decodeOne(decoder, writeBmp({ header }), 16)).toEqual(right);
    },
  );
});

const tiff = (compression: number): Uint8Array =>
  writeTiff({ width: 16, height: 16, depth: 8, data: gradient((value) => [value]), compression });

describe("a refusal states the reason", () => {
  it.each<[what: string, file: () => Uint8Array, reason: string]>([
    ["TIFF in zstd", () => tiff(50_000), "zstd"],
    ["TIFF in WebP", () => tiff(50_001), "WebP"],
    ["TIFF in LZMA", () => tiff(34_925), "LZMA"],
    ["BigTIFF", () => Buffer.from("II\x2b\0\x08\0\0\0", "latin1"), "BigTIFF"],
    ["CgBI", () => insert(8, pngChunk("CgBI", Buffer.alloc(4)))(png()), "CgBI"],
    ["JPEG XL", () => Buffer.from("ff0a0000", "hex"), "JPEG XL"],
    ["JPEG XL in boxes", () => Buffer.from("0000000c4a584c200d0a870a", "hex"), "JPEG XL"],
    ["JPEG 2000", () => Buffer.from("0000000c6a5020200d0a870a", "hex"), "JPEG 2000"],
    ["SVG", () => Buffer.from('<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns=""/>'), "SVG"],
    ["PDF", () => Buffer.from("%PDF-1.7\n"), "PDF"],
    ["a web page", () => Buffer.from("<!DOCTYPE html><html>"), "web page"],
    ["an icon", () => Buffer.from("000001000100", "hex"), "icon"],
    ["a video", () => Buffer.from("\0\0\0\x18ftypisom\0\0\0\0isomavc1", "latin1"), "video"],
  ])("%s", async (_, file, reason) => {
    const { code, message } = await refusalOf(decoder, file());
    expect(code).toBe("unsupported_image_format");
    expect(message).toContain(reason);
  });
});

/** 16 × 16 different values of 0–255. */
function gradient(bytes: (value: number) => number[]): Buffer {
  return Buffer.from(Array.from({ length: 256 }, (_, i) => bytes(i)).flat());
}

const sample = (x: number, y: number, channel: number): number => (x * y * 3 + 50 * channel) % 256;

function png(interlaced = false): Buffer {
  return Buffer.from(writePng({ width: SIZE, height: SIZE, depth: 8, colorType: 2, interlaced, sample }));
}

function pngData(file: Buffer): Buffer {
  const data: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT")
      data.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  return Buffer.concat(data);
}
