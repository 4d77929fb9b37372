/** A linear layer as the steps call it: `x @ weight + bias`, with an activation and a residual. */
import type { Activation, Kernels, Pointer } from "./kernels.ts";

export interface LinearCall {
  kernels: Kernels;
  /** float32, `rows × input`. */
  x: Pointer;
  /** float32, `rows × output`. */
  out: Pointer;
  rows: number;
  /** `scratchBytes(rows)` bytes. */
  scratch: Pointer;
  activation?: Activation;
  /** Added at the end, `rows × output`; none if 0. */
  residual?: Pointer;
}

export interface Linear {
  readonly input: number;
  readonly output: number;
  scratchBytes(rows: number): number;
  apply(call: LinearCall): void;
}
