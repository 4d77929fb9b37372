/**
 * Runs dav1d (`build/codec-wasm/dav1d`) in the codecs' memory and gives an AV1 picture's planes in place, without a
 * copy. dav1d keeps little beside the planes, where libaom keeps records of every block, so 12 megapixels fit. One
 * instance decodes the pictures of one file (colour and alpha) and is then dropped.
 */
import wasm from "../../../.generated/codecs/dav1d.wasm";
import { codecBytes, type CodecImports } from "../codec-memory.ts";

/** Planes in the codecs' memory, valid until that memory is used for something else. */
export interface Planes {
  width: number;
  height: number;
  /** How many luma samples, across and down, share one chroma sample; undefined if there is no chroma. */
  chroma: { across: 1 | 2; down: 1 | 2 } | undefined;
  /** Bits of a sample: 8, 10 or 12. Above 8, a sample takes two bytes. */
  bits: number;
  /** Code point of ISO/IEC 23091-2, from the bitstream. */
  matrix: number;
  fullRange: boolean;
  /** Where each plane begins and the distance between its rows, bytes. */
  y: Plane;
  u: Plane;
  v: Plane;
}
export interface Plane {
  at: number;
  rowBytes: number;
}

/** A block in the codecs' memory, bytes. */
export interface Block {
  at: number;
  bytes: number;
}

/** Numbers of the two pictures in `still.c`. */
const COLOUR = 0;
const ALPHA = 1;
/** dav1d's failures; `still.c` gives their numbers. */
export type Av1Failure = "out of memory" | "damaged";
const OUT_OF_MEMORY = 1;

interface Exports extends WebAssembly.Exports {
  _initialize: () => void;
  allocate: (bytes: number) => number;
  release: (block: number) => void;
  decode: (which: number, data: number, bytes: number, maxPixels: number) => number;
  drop: (which: number) => void;
  describe: (which: number) => number;
}

/** Chroma layouts, indexed by dav1d's numbers: gray, 4:2:0, 4:2:2, 4:4:4. */
const CHROMA = [
  undefined,
  { across: 2, down: 2 },
  { across: 2, down: 1 },
  { across: 1, down: 1 },
] as const satisfies Planes["chroma"][];

export class Dav1d {
  readonly #exports: Exports;

  constructor({ codec }: CodecImports) {
    const instance = new WebAssembly.Instance(wasm, {
      codec,
      env: { emscripten_notify_memory_growth: () => {} },
      wasi_snapshot_preview1: {
        proc_exit: (code: number) => {
          throw new Error(`dav1d exited with code ${code}`);
        },
      },
    });
    this.#exports = instance.exports as Exports;
    this.#exports._initialize();
  }

  /** @returns the block; undefined if the memory has no room for it */
  allocate(bytes: number): number | undefined {
    return this.#exports.allocate(bytes) || undefined;
  }

  /** @param data a block from `allocate`; this call frees it */
  decodeColour(data: Block, maxPixels: number): Planes | Av1Failure {
    return this.#decode(COLOUR, data, maxPixels);
  }

  /**
   * Decodes alpha. Call it before `decodeColour`. It keeps only the 8-bit luma, in a block below the memory that colour
   * takes.
   * @param data a block from `allocate`; this call frees it
   * @param size the size stated in the file
   */
  decodeAlpha(data: Block, size: { width: number; height: number }): Planes | Av1Failure {
    const { width, height } = size;
    const kept = this.allocate(width * height);
    if (kept === undefined) return "out of memory";
    const planes = this.#decode(ALPHA, data, width * height);
    if (typeof planes === "string") return planes;
    if (planes.width !== width || planes.height !== height) return "damaged";
    const { y, bits } = planes;
    for (let row = 0; row < height; row++) {
      const target = new Uint8Array(codecBytes().buffer, kept + row * width, width);
      const samples = samplesOf(y, bits, 0, row, width);
      for (let x = 0; x < width; x++) target[x] = (samples[x] ?? 0) >> (bits - 8);
    }
    this.#exports.drop(ALPHA);
    return { ...planes, bits: 8, chroma: undefined, y: { at: kept, rowBytes: width } };
  }

  #decode(which: number, data: Block, maxPixels: number): Planes | Av1Failure {
    const { decode, release, describe } = this.#exports;
    try {
      const failure = decode(which, data.at, data.bytes, maxPixels);
      if (failure !== 0) return failure === OUT_OF_MEMORY ? "out of memory" : "damaged";
      release(data.at);
      return planesAt(describe(which));
    } catch (error) {
      // dav1d trapped: the data led it outside its memory.
      if (error instanceof WebAssembly.RuntimeError) return "damaged";
      throw error;
    }
  }
}

/** The `width` samples of a row, as a view of the codecs' memory. */
export function samplesOf(
  { at, rowBytes }: Plane,
  bits: number,
  left: number,
  row: number,
  width: number,
): Uint8Array | Uint16Array {
  const { buffer } = codecBytes();
  const start = at + row * rowBytes;
  return bits === 8
    ? new Uint8Array(buffer, start + left, width)
    : new Uint16Array(buffer, start + 2 * left, width);
}

/** Reads what `describe` wrote: eleven 32-bit numbers. */
function planesAt(address: number): Planes {
  const [width = 0, height = 0, layout = 0, bits = 0, matrix = 0, range = 0, y = 0, u = 0, v = 0, ...rows] =
    new Uint32Array(codecBytes().buffer, address, 11);
  const [yRow = 0, chromaRow = 0] = rows;
  return {
    width,
    height,
    chroma: CHROMA[layout],
    bits,
    matrix,
    fullRange: range === 1,
    y: { at: y, rowBytes: yRow },
    u: { at: u, rowBytes: chromaRow },
    v: { at: v, rowBytes: chromaRow },
  };
}
