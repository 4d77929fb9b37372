/** A tower as the engine runs it: one step for each stem, block, downsample or head of the graph. */
import type { Kernels, Pointer } from "../kernels.ts";

/**
 * Shape of a float32 activation: `1 × 3 × height × width`, `1 × height × width × channels`, `1 × positions × width`, …
 * Several texts lie one after the other in one activation.
 */
export type Shape = readonly number[];

export interface TextSpan {
  /** Its first position in the activation. */
  start: number;
  length: number;
  /** The position of its end-of-text token, counted from its first position. */
  end: number;
}

export interface StepCall {
  kernels: Kernels;
  /** The input activation, of the shape `shape`. */
  input: Pointer;
  shape: Shape;
  /** Where the result goes; never `input`. */
  output: Pointer;
  /** One buffer for each size that `scratch` returned. */
  scratch: readonly Pointer[];
  /** The texts in the activation; none for a picture. */
  texts: readonly TextSpan[];
}

export interface Step {
  /**
   * @param texts number of texts in the activation
   * @throws SimdError for an input that the step cannot take
   */
  outputShape(input: Shape, texts: number): Shape;
  /** Bytes of each buffer that a run needs beside input and output. */
  scratch(input: Shape, texts: number): number[];
  run(call: StepCall): void;
}

export const FLOAT_BYTES = 4;

export function elements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
