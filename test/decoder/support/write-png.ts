/**
 * Writes any kind of PNG (ISO/IEC 15948) from its samples: every colour type and depth, interlaced or not, all filters.
 */
import { crc32, deflateSync } from "node:zlib";

export interface PngSource {
  width: number;
  height: number;
  /** Bits of a sample. */
  depth: number;
  /** 0: gray, 2: RGB, 3: palette, 4: gray and alpha, 6: RGBA. */
  colorType: number;
  /** Gives the sample of a channel at a pixel, at full depth. */
  sample: (x: number, y: number, channel: number) => number;
  interlaced?: boolean;
  /** Chunks before the data. */
  chunks?: Buffer[];
  /** zlib's compression level, 0–9. */
  level?: number;
  /** Length of the data chunks, bytes; undefined: there are two. */
  dataBytes?: number;
}

export const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** First column and row of each Adam7 pass, then the steps. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

export function writePng(source: PngSource): Uint8Array<ArrayBuffer> {
  const { width, height, depth, colorType, interlaced = false, chunks = [], level = 6 } = source;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const lines = (interlaced ? PASSES : [[0, 0, 1, 1]]).flatMap((pass) => passLines(source, pass));
  const data = deflateSync(Buffer.concat(lines), { level });
  // Several data chunks: readers must join them.
  const { dataBytes = Math.ceil(data.length / 2) } = source;
  const parts = Array.from({ length: Math.ceil(data.length / dataBytes) }, (_, i) =>
    pngChunk("IDAT", data.subarray(i * dataBytes, (i + 1) * dataBytes)),
  );
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from("89504e470d0a1a0a", "hex"),
      pngChunk("IHDR", header),
      ...chunks,
      ...parts,
      pngChunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

function passLines({ width, height, depth, colorType, sample }: PngSource, pass: number[]): Buffer[] {
  const [left = 0, top = 0, stepX = 1, stepY = 1] = pass;
  const samples = SAMPLES[colorType] ?? 1;
  const columns = Math.ceil((width - left) / stepX);
  const lines: Buffer[] = [];
  if (columns <= 0) return lines;
  const pixelBytes = Math.max(1, (samples * depth) / 8);
  let above = Buffer.alloc(Math.ceil((columns * samples * depth) / 8));
  for (let y = top; y < height; y += stepY) {
    const row = Buffer.alloc(above.length);
    for (let i = 0; i < columns * samples; i++) {
      const value = sample(left + Math.floor(i / samples) * stepX, y, i % samples);
      if (depth === 16) row.writeUInt16BE(value, 2 * i);
      else row[(i * depth) >> 3] = (row[(i * depth) >> 3] ?? 0) | (value << (8 - depth - ((i * depth) & 7)));
    }
    lines.push(filtered(row, above, pixelBytes, lines.length % 5));
    above = row;
  }
  return lines;
}

function filtered(row: Buffer, above: Buffer, pixelBytes: number, filter: number): Buffer {
  const line = Buffer.alloc(1 + row.length);
  line[0] = filter;
  for (const [i, value] of row.entries()) {
    const [a, b, c] = [row[i - pixelBytes] ?? 0, above[i] ?? 0, above[i - pixelBytes] ?? 0];
    const nearest = [a, b, c].toSorted((x, y) => Math.abs(a + b - c - x) - Math.abs(a + b - c - y))[0] ?? 0;
    line[1 + i] = value - ([0, a, b, (a + b) >> 1, nearest][filter] ?? 0);
  }
  return line;
}
