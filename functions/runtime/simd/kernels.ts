/**
 * The kernels as WebAssembly exports them; their parameters are described in `kernels/`. Which of the two modules runs
 * is decided by asking the host whether it knows relaxed SIMD: only the one that it can compile is ever imported.
 */
import { SimdError } from "./simd-error.ts";

/** A byte offset into the memory; 0 stands for "none". */
export type Pointer = number;

export const ACTIVATION = { none: 0, tanhGelu: 1, erfGelu: 2 } as const;
export type Activation = (typeof ACTIVATION)[keyof typeof ACTIVATION];

/** The int8 matmul may read activations of this many rows beyond the last one. */
export const SLACK_ROWS = 5;
/** Bytes of a quantized row's parameters. */
export const ROW_PARAMETERS = 8;

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
  /** Whether the int8 matmul takes 8-bit activations in one plane. */
  takesBytes: boolean;
};

/** `(func (param v128 v128 v128) (result v128) … i32x4.relaxed_dot_i8x16_i7x16_add_s)`, the smallest module that has it. */
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

/** @throws SimdError if the module is not one of ours */
export async function instantiateKernels(
  wasm: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const { exports } = await WebAssembly.instantiate(wasm, { env: { memory } });
  for (const name of NAMES) {
    if (typeof exports[name] !== "function") throw new SimdError(`the module has no kernel ${name}`);
  }
  const takesBytes = (exports["takesBytes"] as (byte: number) => number)(255) === 1;
  return { ...(exports as unknown as Kernels), takesBytes };
}
