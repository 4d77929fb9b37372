/**
 * Encodes pictures with ImageMagick in this process, in the formats for which the tests have no writer of their own.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  FilterType,
  type IMagickImage,
  initializeImageMagick,
  MagickFormat,
  MagickGeometry,
  MagickImage,
  MagickImageCollection,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import { writePng } from "./write-png.ts";

const WASM = fileURLToPath(import.meta.resolve("@imagemagick/magick-wasm/magick.wasm"));
await initializeImageMagick(await readFile(WASM));

/** Gives the colour at each pixel, 0–255 each. */
export type Painter = (x: number, y: number) => [red: number, green: number, blue: number, alpha?: number];

/** @param prepare changes the picture before it is written */
export function encode(
  format: MagickFormat,
  width: number,
  height: number,
  paint: Painter,
  prepare: (image: IMagickImage) => void = () => {},
): Uint8Array<ArrayBuffer> {
  const image = painted(width, height, paint);
  try {
    prepare(image);
    return image.write(format, (bytes) => Uint8Array.from(bytes));
  } finally {
    image.dispose();
  }
}

/** Several frames or pages. */
export function encodeFrames(
  format: MagickFormat,
  width: number,
  height: number,
  painters: Painter[],
): Uint8Array<ArrayBuffer> {
  const frames = MagickImageCollection.create();
  try {
    frames.push(...painters.map((paint) => painted(width, height, paint)));
    return frames.write(format, (bytes) => Uint8Array.from(bytes));
  } finally {
    frames.dispose();
  }
}

/** A picture of `width × height` pixels enlarged from a small one, for tests of size. */
export function encodeLarge(
  format: MagickFormat,
  width: number,
  height: number,
  prepare: (image: IMagickImage) => void = () => {},
): Uint8Array<ArrayBuffer> {
  const image = painted(64, 64, (x, y) => [x * 4, y * 4, (x * y) % 256]);
  try {
    image.resize(new MagickGeometry(`${width}x${height}!`), FilterType.Point);
    prepare(image);
    return image.write(format, (bytes) => Uint8Array.from(bytes));
  } finally {
    image.dispose();
  }
}

function painted(width: number, height: number, paint: Painter): IMagickImage {
  const hasAlpha = paint(0, 0)[3] !== undefined;
  const sample = (x: number, y: number, channel: number): number => paint(x, y)[channel] ?? 255;
  const png = writePng({ width, height, depth: 8, colorType: hasAlpha ? 6 : 2, sample });
  const image = MagickImage.create();
  image.read(png, new MagickReadSettings({ format: MagickFormat.Png }));
  return image;
}
