/**
 * dav1d in the codecs' memory (`build/codec-wasm/dav1d`): an AV1 picture's planes as they are, without a copy. It keeps
 * little beside them, where libaom keeps records of every block: 12 megapixels fit. An instance decodes the pictures of
 * one file, which are colour and alpha, and is gone.
 */
import wasm from "../../../.generated/codecs/dav1d.wasm";
import { codecBytes, type CodecImports } from "../codec-memory.ts";

/** Planes in the codecs' memory, valid until it is used for something else. */
export interface Planes {
  width: number;
  height: number;
  /** How many samples of luma, along and down, one of chroma stands for; undefined: there is no chroma. */
  chroma: { across: 1 | 2; down: 1 | 2 } | undefined;
  /** Of a sample: 8, 10 or 12. Above 8, a sample takes two bytes. */
  bits: number;
  /** Code point of ISO/IEC 23091-2, as the bitstream has it. */
  matrix: number;
  fullRange: boolean;
  /** Where the planes begin, and how far apart their rows are, bytes. */
  y: Plane;
  u: Plane;
  v: Plane;
}
export interface Plane {
  at: number;
  rowBytes: number;
}

/** Bytes in the codecs' memory. */
export interface Block {
  at: number;
  bytes: number;
}

/** `still.c`'s two pictures. */
const COLOUR = 0;
const ALPHA = 1;
/** What dav1d answers, as `still.c` numbers it. */
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

/** By dav1d's numbers: gray, 4:2:0, 4:2:2, 4:4:4. */
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
          throw new Error(`dav1d ended with ${code}`);
        },
      },
    });
    this.#exports = instance.exports as Exports;
    this.#exports._initialize();
  }

  /** @returns where the block is in the memory; undefined if there is no room */
  allocate(bytes: number): number | undefined {
    return this.#exports.allocate(bytes) || undefined;
  }

  /** @param data a block that `allocate` gave, which is free afterwards */
  decodeColour(data: Block, maxPixels: number): Planes | Av1Failure {
    return this.#decode(COLOUR, data, maxPixels);
  }

  /**
   * Before colour: of alpha only 8 bits of luma are kept, below what colour takes.
   * @param data a block that `allocate` gave, which is free afterwards
   * @param size as the file says
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
      // A trap: what it could not decode, it got lost in.
      if (error instanceof WebAssembly.RuntimeError) return "damaged";
      throw error;
    }
  }
}

/** `width` samples of a row, where they are. */
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

/** What `describe` wrote: eleven numbers of 32 bits. */
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
