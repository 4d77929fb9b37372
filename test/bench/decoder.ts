/**
 * `npm run bench:decoder`: time and peak memory of the deployed decoder for large pictures, each in an isolate of its
 * own. Prints a Markdown table; exits with 1 if an isolate held more than 120 MB.
 *
 * Pictures are of blocks of one colour, stretched from a small one, except HEIC's, which is a gradient in uncompressed
 * HEVC. Time is from the request to the pixels at 256 × 256, upload included; a real HEIC takes longer to decompress.
 */
import { CompressionMethod, Interlace, MagickFormat } from "@imagemagick/magick-wasm";
import { readCommandLine } from "../../build/command-line/command.ts";
import { encodeLarge } from "../decoder/support/encode.ts";
import { peakOf } from "../decoder/support/peak-of.ts";
import { decodeOne, startDecoder } from "../decoder/support/start-decoder.ts";
import { writeHeicGrid } from "../decoder/support/write-heic-grid.ts";
import { writePng } from "../decoder/support/write-png.ts";
import setup from "../support/bundle-workers.ts";
import { median } from "./harness/statistics.ts";

const LIMIT_BYTES = 120_000_000;
const SIZE = 256;
const ROUNDS = 5;

function heic(width: number, height: number, turns: number): Uint8Array {
  const luma = Uint8Array.from(
    { length: width * height },
    (_, i) => ((i % width) + Math.floor(i / width)) >> 5,
  );
  return writeHeicGrid(luma, width, height, { tile: 512, turns });
}

function progressive(width: number, height: number): Uint8Array {
  return encodeLarge(MagickFormat.Jpeg, width, height, (image) => {
    image.settings.interlace = Interlace.Jpeg;
    image.settings.setDefine(MagickFormat.Jpeg, "sampling-factor", "4:2:0");
  });
}

/** Blocks of 16 pixels. */
function sample(x: number, y: number, channel: number): number {
  return ((x >> 4) * (y >> 4) + 80 * channel) % 256;
}

function png(width: number, height: number, interlaced: boolean): Uint8Array {
  return writePng({ width, height, depth: 8, colorType: 2, interlaced, sample, level: 6 });
}

function tiff(width: number, height: number): Uint8Array {
  return encodeLarge(MagickFormat.Tiff, width, height, (image) => {
    image.settings.compression = CompressionMethod.Zip;
  });
}

function losslessWebp(width: number, height: number): Uint8Array {
  return encodeLarge(MagickFormat.WebP, width, height, (image) => {
    image.settings.setDefine(MagickFormat.WebP, "lossless", "true");
  });
}

const PICTURES: [
  what: string,
  width: number,
  height: number,
  make: (width: number, height: number) => Uint8Array,
][] = [
  ["JPEG, baseline", 4032, 3024, (...size) => encodeLarge(MagickFormat.Jpeg, ...size)],
  ["JPEG, baseline", 8000, 6000, (...size) => encodeLarge(MagickFormat.Jpeg, ...size)],
  ["JPEG, progressive", 4032, 3024, progressive],
  ["JPEG, progressive", 4896, 3264, progressive],
  ["PNG", 4032, 3024, (...size) => png(...size, false)],
  ["PNG", 6000, 4000, (...size) => png(...size, false)],
  ["PNG, interlaced", 4032, 3024, (...size) => png(...size, true)],
  ["WebP, lossy", 4032, 3024, (...size) => encodeLarge(MagickFormat.WebP, ...size)],
  ["WebP, lossless", 3072, 2272, losslessWebp],
  ["HEIC, tiles", 4032, 3024, (...size) => heic(...size, 0)],
  ["HEIC, tiles, turned", 4032, 3024, (...size) => heic(...size, 3)],
  ["AVIF", 2448, 1632, (...size) => encodeLarge(MagickFormat.Avif, ...size)],
  ["GIF", 4032, 3024, (...size) => encodeLarge(MagickFormat.Gif, ...size)],
  ["TIFF, deflated", 4032, 3024, tiff],
];

readCommandLine({
  usage: "npm run bench:decoder",
  about: "Time and peak memory of the decoder for large pictures. Exits with 1 above the limit.",
});
await setup();
let within = true;
console.log("| picture | pixels | MP | file, MB | ms | peak, MB |\n|---|---|---|---|---|---|");
for (const [what, width, height, make] of PICTURES) {
  const file = make(width, height);
  const decoder = await startDecoder();
  try {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await decodeOne(decoder, file, SIZE);
      times.push(performance.now() - start);
    }
    const peak = await peakOf(decoder, () => decodeOne(decoder, file, SIZE));
    within &&= peak <= LIMIT_BYTES;
    const cells = [
      what,
      `${width} × ${height}`,
      ((width * height) / 1e6).toFixed(1),
      (file.length / 1e6).toFixed(1),
      median(times).toFixed(0),
      (peak / 1e6).toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  } finally {
    await decoder.dispose();
  }
}
process.exit(within ? 0 : 1);
