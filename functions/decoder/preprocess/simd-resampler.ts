/**
 * The resize in WASM SIMD. Its own small memory holds one row at a time; data that grows with the picture stays in
 * JavaScript.
 */
import type { Taps } from "./bicubic-taps.ts";
import type { Resampler } from "./resampler.ts";

const PAGE_BYTES = 65_536;
/** Upper limit of what the kernels read or write beyond the end of a block. */
const SLACK_BYTES = 64;
/** Taps that the horizontal pass handles at a time. */
const LANES = 8;
/** Offset of the outputs' first taps in the memory. */
const STARTS = 0;
/** Bits of a weight's lower half; see `kernels/resize.ts`. */
const HALF_BITS = 11;

interface Kernels {
  toPlanes(source: number, planes: number, planeBytes: number, pixels: number): void;
  narrowRow(
    planes: number,
    planeBytes: number,
    starts: number,
    high: number,
    low: number,
    taps: number,
    outputs: number,
    target: number,
  ): void;
  mixRows(rows: number, rowBytes: number, high: number, low: number, taps: number, target: number): void;
}

/** Where the tables and rows of one picture's horizontal pass are, byte offsets. */
interface Layout {
  taps: Taps;
  /** First source pixel that is needed, and the number of pixels needed. */
  first: number;
  pixels: number;
  /** Taps of each output, a multiple of `LANES`. */
  padded: number;
  high: number;
  low: number;
  planes: number;
  planeBytes: number;
  /**
   * Views of the needed pixels of a source row, and of a row of outputs. Made once, because a picture has thousands of
   * rows.
   */
  source: Uint8Array;
  target: Uint8Array;
}

export class SimdResampler implements Resampler {
  readonly #module: WebAssembly.Module;
  #memory: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;
  #layout: Layout | undefined;

  /** @param module compiled from `kernels/resize.ts`; instantiated at first use */
  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  narrowRow(source: Uint8Array, columns: Taps, out: Uint8Array): void {
    const layout = this.#layout?.taps === columns ? this.#layout : this.#load(columns);
    const { first, pixels, planes, planeBytes, high, low, padded, target } = layout;
    const kernels = this.#start();
    layout.source.set(source.subarray(3 * first, 3 * (first + pixels)));
    kernels.toPlanes(layout.source.byteOffset, planes, planeBytes, pixels);
    const outputs = columns.starts.length;
    kernels.narrowRow(planes, planeBytes, STARTS, high, low, padded, outputs, target.byteOffset);
    out.set(target);
  }

  mixRows(narrow: Uint8Array, rows: Taps, firstRow: number, rowBytes: number): Uint8Array<ArrayBuffer> {
    const { starts, counts, weights, stride } = rows;
    const kernels = this.#start();
    // Reuse the memory of the horizontal pass's tables, which are no longer needed.
    this.#layout = undefined;
    const most = Math.max(...counts);
    const [high, low] = [0, align(2 * most)];
    const window = low + align(2 * most);
    const target = window + align(most * rowBytes);
    this.#reserve(target + align(rowBytes));
    const out = new Uint8Array(starts.length * rowBytes);
    for (let y = 0; y < starts.length; y++) {
      const count = counts[y] ?? 0;
      const taps = weights.subarray(y * stride, y * stride + count);
      this.#shorts(high, count).set(taps.map((weight) => weight >> HALF_BITS));
      this.#shorts(low, count).set(taps.map((weight) => weight & (2 ** HALF_BITS - 1)));
      const start = ((starts[y] ?? 0) - firstRow) * rowBytes;
      this.#bytes().set(narrow.subarray(start, start + count * rowBytes), window);
      kernels.mixRows(window, rowBytes, high, low, count, target);
      out.set(this.#bytes().subarray(target, target + rowBytes), y * rowBytes);
    }
    return out;
  }

  /** Writes a picture's tables into the memory. */
  #load(taps: Taps): Layout {
    const { starts, counts, weights, stride } = taps;
    const outputs = starts.length;
    const first = Math.min(...starts);
    const pixels = Math.max(...starts.map((start, x) => start + (counts[x] ?? 0))) - first;
    const padded = Math.ceil(Math.max(...counts) / LANES) * LANES;
    const planeBytes = align(2 * (pixels + padded));
    const high = align(4 * outputs);
    const low = high + align(2 * outputs * padded);
    const source = low + align(2 * outputs * padded);
    const planes = source + align(3 * pixels);
    const target = planes + 3 * planeBytes;
    this.#start();
    this.#reserve(target + align(3 * outputs));
    const firsts = new Int32Array(this.#bytes().buffer, STARTS, outputs);
    const [highs, lows] = [this.#shorts(high, outputs * padded), this.#shorts(low, outputs * padded)];
    highs.fill(0);
    lows.fill(0);
    for (let x = 0; x < outputs; x++) {
      firsts[x] = 2 * ((starts[x] ?? 0) - first);
      for (let tap = 0; tap < (counts[x] ?? 0); tap++) {
        const weight = weights[x * stride + tap] ?? 0;
        highs[x * padded + tap] = weight >> HALF_BITS;
        lows[x * padded + tap] = weight & (2 ** HALF_BITS - 1);
      }
    }
    this.#layout = {
      taps,
      first,
      pixels,
      padded,
      high,
      low,
      planes,
      planeBytes,
      source: this.#bytes().subarray(source, source + 3 * pixels),
      target: this.#bytes().subarray(target, target + 3 * outputs),
    };
    return this.#layout;
  }

  #start(): Kernels {
    if (this.#kernels === undefined) {
      this.#memory = new WebAssembly.Memory({ initial: 1 });
      const { exports } = new WebAssembly.Instance(this.#module, { env: { memory: this.#memory } });
      this.#kernels = exports as unknown as Kernels;
    }
    return this.#kernels;
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#bytes().byteLength;
    if (missing > 0) this.#memory?.grow(Math.ceil(missing / PAGE_BYTES));
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#memory?.buffer ?? new ArrayBuffer(0));
  }

  #shorts(offset: number, count: number): Int16Array {
    return new Int16Array(this.#memory?.buffer ?? new ArrayBuffer(0), offset, count);
  }
}

/** Rounds up to whole `SLACK_BYTES`, with at least that much left as slack. */
function align(bytes: number): number {
  return Math.ceil((bytes + SLACK_BYTES) / SLACK_BYTES) * SLACK_BYTES;
}
