/** Compares preprocessing with libraries that others use: the resampling alone, and whole files. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readPng } from "../../decoder/support/parse-png.ts";
import { CropResizer } from "../../../functions/decoder/preprocess/crop-resizer.ts";
import type { Resampler } from "../../../functions/decoder/preprocess/resampler.ts";
import { scalarResampler } from "../../../functions/decoder/preprocess/scalar-resampler.ts";
import { simdResampler } from "../../support/models/node-resampler.ts";
import { startWorkers } from "../../support/workers.ts";
import { contender } from "../contenders/contender.ts";
import { interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";

const PICTURES = join(import.meta.dirname, "../../fixtures/pictures");
const PHOTO = "photo_3000x2000.jpg";
const SIZE = 256;
const OURS = "edgeclip";

/** The part of sharp that is used. */
type SharpFunction = ((
  input: Uint8Array,
  options?: { raw: { width: number; height: number; channels: number } },
) => SharpImage) & { concurrency(threads: number): number };
interface Sharp {
  default: SharpFunction;
}
interface SharpImage {
  rotate(): SharpImage;
  flatten(options: { background: string }): SharpImage;
  removeAlpha(): SharpImage;
  resize(options: object): SharpImage;
  raw(): SharpImage;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ data: Buffer; info: { width: number; height: number } }>;
}
/** The part of transformers.js that is used. */
interface Transformers {
  RawImage: { fromBlob(blob: Blob): Promise<object> };
  CLIPImageProcessor: new (
    config: object,
  ) => (image: object) => Promise<{ pixel_values: { data: Float32Array } }>;
}

/** CLIP's preprocessor_config.json. */
const CLIP = {
  do_resize: true,
  size: { shortest_edge: SIZE },
  resample: 3,
  do_center_crop: true,
  crop_size: { height: SIZE, width: SIZE },
  do_normalize: true,
  do_rescale: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const RESIZE = { width: SIZE, height: SIZE, fit: "cover", kernel: "cubic", fastShrinkOnLoad: false };

/** Reverts the processor's normalization: NCHW → uint8 RGB rows. */
function toBytes(values: Float32Array): Uint8Array {
  const plane = SIZE * SIZE;
  return Uint8Array.from({ length: 3 * plane }, (_, at) => {
    const channel = at % 3;
    const value = values[channel * plane + Math.floor(at / 3)] ?? 0;
    return Math.round((value * (CLIP.image_std[channel] ?? 1) + (CLIP.image_mean[channel] ?? 0)) * 255);
  });
}

/** Mean and largest difference, in levels of 0 to 255. */
function difference(found: Uint8Array, expected: Uint8Array): [number, number] {
  let [sum, most] = [0, 0];
  for (const [at, value] of found.entries()) {
    const off = Math.abs(value - (expected[at] ?? 0));
    sum += off;
    most = Math.max(most, off);
  }
  return [sum / found.length, most];
}

async function run({ quick }: Options): Promise<Report> {
  const { default: sharp } = await contender<Sharp>("sharp");
  const { RawImage, CLIPImageProcessor } = await contender<Transformers>("@huggingface/transformers");
  sharp.concurrency(1);
  const processor = new CLIPImageProcessor(CLIP);
  const workers = await startWorkers();
  try {
    const ways = new Map<string, (file: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>>([
      [
        OURS,
        async (file) =>
          new Uint8Array(await (await workers.probe(`/decode?size=${SIZE}`, file)).arrayBuffer()),
      ],
      [
        "sharp",
        async (file) =>
          (
            await sharp(file)
              .rotate()
              .flatten({ background: "white" })
              .removeAlpha()
              .resize(RESIZE)
              .raw()
              .toBuffer({ resolveWithObject: true })
          ).data,
      ],
      [
        "transformers.js",
        async (file) =>
          toBytes((await processor(await RawImage.fromBlob(new Blob([file])))).pixel_values.data),
      ],
    ]);
    const photo = new Uint8Array(await readFile(join(PICTURES, "images", PHOTO)));
    const whole = await interleave(
      [...ways].map(([name, prepare]) => ({ name, run: () => prepare(photo) })),
      quick ? { rounds: 2, warmUp: 1 } : { rounds: 15, warmUp: 4 },
    );
    const [resampling, ratio] = await resamplingAlone(sharp, photo, quick);
    const all = (await readdir(join(PICTURES, "images"))).toSorted();
    const files = quick ? all.slice(0, 4) : all;
    const rows: (string | number)[][] = [];
    for (const [name, prepare] of ways) {
      const off: [number, number][] = [];
      let refused = 0;
      for (const file of files) {
        const expected = readPng(await readFile(join(PICTURES, "expected", `${file}.png`))).pixels;
        const found = await prepare(new Uint8Array(await readFile(join(PICTURES, "images", file)))).catch(
          () => undefined,
        );
        if (found?.length === expected.length) off.push(difference(found, expected));
        else refused += 1;
      }
      const exact = off.filter(([, most]) => most === 0).length;
      rows.push([
        name,
        exact,
        digits(off.reduce((sum, [mean]) => sum + mean, 0) / Math.max(1, off.length)),
        Math.max(...off.map(([, most]) => most)),
        refused,
      ]);
    }
    return {
      title: "Preprocessing",
      about: `Pictures to ${SIZE} × ${SIZE} RGB. edgeclip's decoder runs in workerd, WASM and JavaScript, on one thread, and is
asked over HTTP; sharp is libvips in native code, held to one thread; transformers.js uses sharp. The reference is Pillow's
bicubic resampling as open_clip calls it.`,
      tables: [
        {
          ...timesTable(whole, "sharp"),
          note: "A JPEG of 3000 × 2000 pixels, whole: edgeclip decodes it at 3/8 of its size, which is part of the format.",
        },
        { ...resampling, note: "The resampling alone: the same photo as raw pixels, in Node." },
        {
          columns: [
            `${files.length} fixtures`,
            "identical to Pillow",
            "mean difference, levels",
            "largest",
            "refused or of another size",
          ],
          rows,
        },
      ],
      targets: [{ what: "resize against sharp's", target: "≤ 3", reached: digits(ratio), met: ratio <= 3 }],
    };
  } finally {
    await workers.dispose();
  }
}

/** The whole picture is in memory, so its rows are read in place and not copied first. */
function resize(pixels: Uint8Array, width: number, height: number, resampler: Resampler): Uint8Array {
  const resizer = new CropResizer({ width, height, channels: 3 }, SIZE, resampler);
  resizer.push(pixels.subarray(3 * width * resizer.firstRow, 3 * width * resizer.endRow));
  return resizer.finish();
}

async function resamplingAlone(sharp: SharpFunction, photo: Uint8Array, quick: boolean) {
  const { data, info } = await sharp(photo).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const pixels = new Uint8Array(data);
  const kernels = await simdResampler();
  const times = await interleave(
    [
      { name: OURS, run: () => resize(pixels, width, height, kernels) },
      { name: "edgeclip, without its kernels", run: () => resize(pixels, width, height, scalarResampler) },
      {
        name: "sharp",
        run: () =>
          sharp(pixels, { raw: { width, height, channels: 3 } })
            .resize(RESIZE)
            .raw()
            .toBuffer({ resolveWithObject: true }),
      },
    ],
    quick ? { rounds: 2, warmUp: 1 } : { rounds: 21, warmUp: 6 },
  );
  const ratio = median(times.get(OURS) ?? []) / median(times.get("sharp") ?? []);
  return [timesTable(times, "sharp"), ratio] as const;
}

export const preprocessing: Suite = { name: "preprocessing", run };
