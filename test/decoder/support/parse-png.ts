/** Reads an 8-bit RGB PNG without interlacing, with code that is independent of the decoder's. */
import { inflateSync } from "node:zlib";

/** @returns uint8 RGB, row-major */
export function readPng(file: Buffer): { width: number; height: number; pixels: Uint8Array } {
  const data: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) !== "IDAT") continue;
    data.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (file.readUInt32BE(24) !== 0x08020000) throw new Error("not an 8-bit RGB PNG");
  const lines = inflateSync(Buffer.concat(data));
  const stride = width * 3;
  const pixels = new Uint8Array(stride * height);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [i % stride, Math.floor(i / stride)];
    const a = x < 3 ? 0 : (pixels[i - 3] ?? 0);
    const b = y === 0 ? 0 : (pixels[i - stride] ?? 0);
    const c = x < 3 || y === 0 ? 0 : (pixels[i - stride - 3] ?? 0);
    const nearest = [a, b, c].toSorted((p, q) => Math.abs(a + b - c - p) - Math.abs(a + b - c - q))[0] ?? 0;
    const prediction = [0, a, b, (a + b) >> 1, nearest][lines[y * (stride + 1)] ?? 0] ?? 0;
    pixels[i] = (lines[y * (stride + 1) + 1 + x] ?? 0) + prediction;
  }
  return { width, height, pixels };
}
