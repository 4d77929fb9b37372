/**
 * uint8 RGB → the image tower's float32 input: `(v / 255 − mean) / std` for each channel, as torchvision's ToTensor and
 * Normalize do.
 */

import { ByteReader } from "../runtime/bytes/byte-reader.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import type { Tensor } from "../runtime/tensor.ts";

/** A channel has only 256 different values, so normalizing is a table look-up. */
interface NormalizationTables {
  red: Float32Array;
  green: Float32Array;
  blue: Float32Array;
}

type Triple = readonly [number, number, number];

/**
 * Makes a picture's input to the tower. It is called when the picture's turn comes, because float32 takes four times
 * the memory of uint8.
 */
export type MakeInput = () => Tensor;

/** A picture or an activation that has not been read yet. Only one of a stream can be read at a time. */
export interface Arriving {
  bytes: number;
  /** @throws Error if the stream ends early, because its sender failed */
  read(): Promise<MakeInput>;
}

/**
 * The pictures of a stream.
 * @param stream uint8 RGB, `count × size × size × 3`; read only as far as a picture is asked for
 */
export function* readPixels(
  stream: ReadableStream<Uint8Array>,
  count: number,
  size: number,
  { mean, std }: { mean: Triple; std: Triple },
): Generator<Arriving> {
  const reader = new ByteReader(stream, "wanted");
  const tables = normalizationTables(mean, std);
  const bytes = 3 * size * size;
  for (let i = 0; i < count; i++) {
    yield {
      bytes,
      async read() {
        const pixels = await reader.read(bytes);
        if (pixels === undefined) throw new Error(`the pixels ended after ${i} of ${count} pictures`);
        return () => {
          const data = pixelsToTensor(pixels, size, tables);
          freeBuffer(pixels);
          return { data, shape: [1, 3, size, size] };
        };
      },
    };
  }
}

function normalizationTables(mean: Triple, std: Triple): NormalizationTables {
  const table = (channel: 0 | 1 | 2): Float32Array =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean[channel]) / std[channel]);
  return { red: table(0), green: table(1), blue: table(2) };
}

/**
 * @param pixels uint8, `size × size × 3`
 * @returns float32 NCHW, `1 × 3 × size × size`
 */
function pixelsToTensor(pixels: Uint8Array, size: number, tables: NormalizationTables): Float32Array {
  const plane = size * size;
  const values = new Float32Array(3 * plane);
  for (let i = 0, p = 0; i < plane; i++, p += 3) {
    values[i] = tables.red[pixels[p] ?? 0] ?? 0;
    values[plane + i] = tables.green[pixels[p + 1] ?? 0] ?? 0;
    values[2 * plane + i] = tables.blue[pixels[p + 2] ?? 0] ?? 0;
  }
  return values;
}
