/**
 * The kernels as WebAssembly exports them; their parameters are described in `kernels/`. There are two modules. A test
 * asks whether the host supports relaxed SIMD, and only the module that the host can compile is imported.
 */
import type { Dot } from "../tower/engine.ts";
import { SimdError } from "./simd-error.ts";

/** A byte offset into the memory; 0 stands for "none". */
export type Pointer = number;

export const ACTIVATION = { none: 0, tanhGelu: 1, erfGelu: 2, quickGelu: 3 } as const;
export type Activation = (typeof ACTIVATION)[keyof typeof ACTIVATION];

/** Bytes of a quantized row's parameters. */
export const ROW_PARAMETERS = 8;

/** Columns of a panel of packed weights. */
export const PANEL_COLUMNS = 8;

/** How operands of the int8 matmul lie in memory, see `kernels/layouts.ts`. */
export const LAYOUT = { bytes: 0, wide: 1, pairs: 2 } as const;
export type Layout = keyof typeof LAYOUT;

const TILE_ROWS: Record<Layout, number> = { bytes: 6, wide: 4, pairs: 3 };
/** Steps of K that the layout `pairs` takes together. */
const PAIR_STEP = 8;
/** Largest number of steps of K in the layout `pairs`, which keeps offsets into a tile's activations in 16 bits. */
const MAXIMUM_PAIRED = Math.floor(2 ** 16 / TILE_ROWS.pairs);

/** The fastest layout for these bits of activations and steps of K. The sums are the same in all layouts. */
export function layoutFor(dot: Dot, bits: 7 | 8, k: number): Layout {
  if (dot === "bytes") return "bytes";
  const paired = dot === "7-bit" && bits === 7 && k % PAIR_STEP === 0 && k <= MAXIMUM_PAIRED;
  return paired ? "pairs" : "wide";
}

/** Bytes of quantized activations, rounded up to whole tiles. */
export function activationBytes(layout: Layout, rows: number, k: number): number {
  const tile = TILE_ROWS[layout];
  return tile * Math.ceil(rows / tile) * k * (layout === "wide" ? 2 : 1);
}

/**
 * With more rows than this, the rows share weights that are widened once. With fewer, sharing takes longer than it
 * saves.
 */
const MAX_ROWS_UNSHARED = 12;

/** Bytes of a panel's weights as int16 if the rows share them; else 0. */
export function widenedBytes(layout: Layout, rows: number, k: number): number {
  return layout === "wide" && rows > MAX_ROWS_UNSHARED ? 2 * PANEL_COLUMNS * k : 0;
}

/** Bytes of the table that holds the order of a weight's steps; for the layout `pairs`. */
export function orderBytes(layout: Layout, k: number, columns: number): number {
  return layout === "pairs" ? 2 * (k / PAIR_STEP + 2) * (columns / PANEL_COLUMNS) : 0;
}

/** Keys and channels that the attention kernel computes together. A head's channels are a multiple of it. */
export const HEAD_STEP = 8;

/** Bytes of scratch that attention needs; independent of the number of heads. */
export function attentionBytes(positions: number, headWidth: number): number {
  return 4 * (headWidth + 4) * HEAD_STEP * Math.ceil(positions / HEAD_STEP);
}

type Kernel = (...parameters: number[]) => void;

const NAMES = [
  "activate",
  "add",
  "attention",
  "depthwise",
  "layerNorm",
  "matmulFloat",
  "matmulInt8",
  "meanOfRows",
  "packChannels",
  "packInt8",
  "padBand",
  "patchifyRow",
  "quantizeRows",
  "residues",
  "spaceToDepth",
] as const;

export type Kernels = Record<(typeof NAMES)[number], Kernel> & {
  dot: Dot;
};

/**
 * `(func (param v128 v128 v128) (result v128) … i32x4.relaxed_dot_i8x16_i7x16_add_s)`, the smallest module with a
 * relaxed instruction.
 */
const RELAXED_PROBE = Uint8Array.from(
  (
    "0061736d 01000000 0108016003 7b7b7b017b 03020100 0a0d010b 00 2000 2001 2002 fd9302 0b".match(
      /[^ ]{2}/g,
    ) ?? []
  ).map((byte) => parseInt(byte, 16)),
);

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** @throws SimdError if the module lacks one of the kernels */
export async function instantiateKernels(
  wasm: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const { exports } = await WebAssembly.instantiate(wasm, { env: { memory } });
  for (const name of NAMES) {
    if (typeof exports[name] !== "function") throw new SimdError(`the module has no kernel ${name}`);
  }
  return { ...(exports as unknown as Kernels), dot: dotOf(exports) };
}

/** What the host's dot product is good for. @param exports of a module with `kernels/dot.ts` */
export function dotOf(exports: WebAssembly.Exports): Dot {
  const { hasDot, takesBytes } = exports as Record<string, (...bytes: number[]) => number>;
  if (hasDot?.() !== 1) return "none";
  return takesBytes?.(255) === 1 ? "bytes" : "7-bit";
}
