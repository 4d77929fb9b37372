/**
 * Samples to measure towers with: the pictures in `examples/`, preprocessed as in the Workers, and texts of several
 * lengths.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Activation } from "../../build/measure/graph-runner.ts";
import type { SampleSource } from "../../build/measure/sample-source.ts";
import { readPngHeader } from "../../functions/decoder/formats/read-png-header.ts";
import { pngColours } from "../../functions/decoder/png/png-colours.ts";
import { readPng } from "../../functions/decoder/png/read-png.ts";
import { CropResizer } from "../../functions/decoder/preprocess/crop-resizer.ts";
import { scalarResampler } from "../../functions/decoder/preprocess/scalar-resampler.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { Tokenizer } from "../../functions/runtime/tokenizer/tokenizer.ts";
import { readPixels } from "../../functions/vision/pixels-to-tensor.ts";
import { EXAMPLES, VOCABULARY } from "../paths.ts";

/** Short and long, because an activation may be large in one and small in the other. */
const TEXTS = [
  "a photo of a fox.",
  "a tall giraffe eating leaves, seen from below on a cloudy day in the savanna",
  "moon",
  "an emoji of a police car with its blue light on",
  "itap of the rocket",
  "a bad photo of the purple eggplant lying beside two bunches of green grapes",
  "Ein rotes Ahornblatt",
  "a golden trophy 🏆",
  "a low resolution photo of a harp",
  "dress, tulips, and 3 other things from a catalogue of 1987",
  "a close-up photo of tulips",
  "the rocket leaves the earth for the moon: ".repeat(8),
];

/** The number of texts, and of pictures. */
export const SAMPLE_COUNT = TEXTS.length;

/** @param count of pictures and of texts */
export function exampleSamples(count: number): SampleSource {
  return {
    async pictures({ size, mean, std }) {
      const files = (await readdir(EXAMPLES)).filter((file) => file.endsWith(".png")).toSorted();
      const pixels = await Promise.all(
        files.slice(0, count).map((file) => decodeExample(join(EXAMPLES, file), size)),
      );
      const tensors: Activation[] = [];
      for (const picture of readPixels(new Blob(pixels).stream(), pixels.length, size, { mean, std })) {
        const input = await picture.read();
        tensors.push(input() as Activation);
      }
      return tensors;
    },
    async texts(contextLength) {
      const packed = await readFile(VOCABULARY);
      const tokenizer = new Tokenizer(new Uint8Array(packed).buffer);
      return TEXTS.slice(0, count).map((text) => tokenizer.encode(cleanText(text), contextLength).ids);
    },
  };
}

/** @returns uint8 RGB, `size × size × 3` */
async function decodeExample(path: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = new Uint8Array(await readFile(path));
  const view = new DataView(file.buffer);
  const header = readPngHeader(view);
  const colours = header && pngColours(view, header);
  if (header === undefined || colours === undefined) throw new Error(`${path} is not a PNG`);
  const { width, height } = header;
  const resizer = new CropResizer({ width, height, channels: colours.channels }, size, scalarResampler);
  await readPng(
    () => file,
    header,
    colours,
    () => {},
    (pixels, _, row) => {
      if (row >= resizer.firstRow && row < resizer.endRow) resizer.push(pixels);
    },
  );
  return resizer.finish();
}
