/**
 * `npm run bench:decoder`: measures time and peak memory of the deployed decoder for large pictures, each in an isolate
 * of its own. Prints a Markdown table; exits with 1 if an isolate held more than 120 MB.
 *
 * The pictures consist of blocks of one color, enlarged from a small picture; the HEIC is a gradient in uncompressed
 * HEVC. Time is measured from the request to the pixels at 256 × 256, including the upload. A real HEIC takes longer to
 * decompress.
 *
 * With `--beside <folder>`, a checkout of an older version, both decoders read each picture in turns. It then prints
 * this decoder's processor time ÷ the older one's (Linux only).
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  AlphaAction,
  Channels,
  CompressionMethod,
  EvaluateOperator,
  Interlace,
  MagickFormat,
  Percentage,
} from "@imagemagick/magick-wasm";
import { readCommandLine } from "../../build/command-line/command.ts";
import { encodeLarge } from "../decoder/support/encode.ts";
import { peakOf } from "../decoder/support/peak-of.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "../decoder/support/start-decoder.ts";
import { writeHeicGrid } from "../decoder/support/write-heic-grid.ts";
import { writePng } from "../decoder/support/write-png.ts";
import setup from "../support/bundle-workers.ts";
import { median } from "./harness/statistics.ts";
import { childProcesses, processorTime } from "./support/processor-time.ts";

const LIMIT_BYTES = 120_000_000;
const SIZE = 256;
const ROUNDS = 5;
/** Number of turns of each decoder. */
const TURNS = 9;

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

function webpWithAlpha(width: number, height: number): Uint8Array {
  return encodeLarge(MagickFormat.WebP, width, height, (image) => {
    image.alpha(AlphaAction.Set);
    image.evaluate(Channels.Alpha, EvaluateOperator.Set, new Percentage(50));
  });
}

function bilevelTiff(width: number, height: number): Uint8Array {
  return encodeLarge(MagickFormat.Tiff, width, height, (image) => {
    image.settings.compression = CompressionMethod.Group4;
  });
}

/** Reads an AVIF made by a faster encoder than the one in this bench. */
function avif(name: string): Promise<Uint8Array> {
  return readFile(join(import.meta.dirname, "../fixtures/avif", `${name}.avif`));
}

const PICTURES: [
  what: string,
  width: number,
  height: number,
  make: (width: number, height: number) => Uint8Array | Promise<Uint8Array>,
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
  ["WebP, lossless", 4032, 3024, losslessWebp],
  ["WebP, lossy, alpha", 4032, 3024, webpWithAlpha],
  ["HEIC, tiles", 4032, 3024, (...size) => heic(...size, 0)],
  ["HEIC, tiles, turned", 4032, 3024, (...size) => heic(...size, 3)],
  ["AVIF", 2448, 1632, (...size) => encodeLarge(MagickFormat.Avif, ...size)],
  ["AVIF", 4032, 3024, () => avif("phone-420")],
  ["AVIF, 4:4:4, 10 bits, alpha", 4032, 3024, () => avif("phone-444-10bit-alpha")],
  ["GIF", 4032, 3024, (...size) => encodeLarge(MagickFormat.Gif, ...size)],
  ["TIFF, deflated", 4032, 3024, tiff],
  ["TIFF, bilevel", 4896, 3264, bilevelTiff],
];

const beside = readCommandLine(
  {
    usage: "npm run bench:decoder -- [--beside <folder>]",
    about: "Time and peak memory of the decoder for large pictures. Exits with 1 above the limit.",
    options: {
      beside: {
        type: "string",
        value: "<folder>",
        about: "an installed older checkout; prints this decoder's processor time ÷ the older one's",
      },
    },
  },
  (values) => values.beside,
);
await setup();
process.exit(beside === undefined ? await measure() : await compare(beside));

/** @returns the exit code */
async function measure(): Promise<number> {
  let within = true;
  console.log("| picture | pixels | MP | file, MB | ms | peak, MB |\n|---|---|---|---|---|---|");
  for (const [what, width, height, make] of PICTURES) {
    const file = await make(width, height);
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
      const cells = [...figures(width, height), (file.length / 1e6).toFixed(1), median(times).toFixed(0)];
      console.log(`| ${[what, ...cells, (peak / 1e6).toFixed(0)].join(" | ")} |`);
    } finally {
      await decoder.dispose();
    }
  }
  return within ? 0 : 1;
}

function figures(width: number, height: number): string[] {
  return [`${width} × ${height}`, ((width * height) / 1e6).toFixed(1)];
}

/** A decoder and its processor time so far. */
interface Contender {
  decoder: DecoderUnderTest;
  pids: number[];
}

async function compare(folder: string): Promise<number> {
  const root = resolve(folder);
  const other = (path: string): Promise<unknown> => import(pathToFileURL(join(root, path)).href);
  const { default: setUpOther } = (await other("test/support/bundle-workers.ts")) as {
    default: () => Promise<void>;
  };
  await setUpOther();
  const { startDecoder: startOther } = (await other("test/decoder/support/start-decoder.ts")) as {
    startDecoder: () => Promise<DecoderUnderTest>;
  };
  console.log("| picture | pixels | MP | then, ms | now, ms | now ÷ then |\n|---|---|---|---|---|---|");
  for (const [what, width, height, make] of PICTURES) {
    const file = await make(width, height);
    const both: Contender[] = [await contender(startOther), await contender(startDecoder)];
    const used = both.map(() => Array<number>());
    for (let round = 0; round <= TURNS; round++) {
      for (const [i, { decoder, pids }] of both.entries()) {
        const before = await processorTime(pids);
        const [outcome] = await decoder.decode([file], SIZE);
        // The first round is left out: it starts the codec, whose code is not compiled yet.
        if (round > 0 && outcome?.error === undefined) used[i]?.push((await processorTime(pids)) - before);
      }
    }
    for (const { decoder } of both) await decoder.dispose();
    const [then = NaN, now = NaN] = used.map((times) => (times.length === 0 ? NaN : median(times)));
    const cells = [then, now].map((ms) => (Number.isNaN(ms) ? "refused" : ms.toFixed(0)));
    const ratio = Number.isNaN(then / now) ? "–" : (now / then).toFixed(2);
    console.log(`| ${[what, ...figures(width, height), ...cells, ratio].join(" | ")} |`);
  }
  return 0;
}

async function contender(start: () => Promise<DecoderUnderTest>): Promise<Contender> {
  const before = await childProcesses();
  const decoder = await start();
  return { decoder, pids: [...(await childProcesses())].filter((pid) => !before.has(pid)) };
}
