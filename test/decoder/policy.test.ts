/** The second barrier: the codec reads only the formats that the Worker uses, even if it is asked for others. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  ConfigurationFiles,
  ImageMagick,
  initializeImageMagick,
  Magick,
  type MagickFormat,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import { beforeAll, expect, it } from "vitest";
import { MAGICK_FORMATS, MAGICK_POLICY } from "../../functions/decoder/magick/magick-policy.ts";

beforeAll(async () => {
  const configuration = ConfigurationFiles.default;
  configuration.policy.data = MAGICK_POLICY;
  const wasm = fileURLToPath(import.meta.resolve("@imagemagick/magick-wasm/magick.wasm"));
  await initializeImageMagick(await readFile(wasm), configuration);
});

function read(format: MagickFormat): string {
  try {
    ImageMagick.read(new Uint8Array(64), new MagickReadSettings({ format }), () => {});
    return "read";
  } catch (error) {
    return String(error);
  }
}

it("refuses every other format that ImageMagick can read", () => {
  const ours = new Set<MagickFormat>(Object.values(MAGICK_FORMATS));
  const others = Magick.supportedFormats
    .filter(({ supportsReading, format }) => supportsReading && !ours.has(format))
    .map(({ format }) => format);
  expect(others.length).toBeGreaterThan(150);
  expect(others.filter((format) => !/NotAuthorized/.test(read(format)))).toEqual([]);
});

it("reads the Worker's formats, if the file has the stated format", () => {
  for (const format of Object.values(MAGICK_FORMATS))
    expect(read(format)).not.toMatch(/NotAuthorized|^read$/);
});
