/** What follows a matrix product while it is still in registers: bias, activation, residual, store. */
import { erfGelu, tanhGelu } from "./math";

/** `activation` of the matmuls. */
const TANH_GELU = 1;
const ERF_GELU = 2;

/**
 * Stores four outputs.
 * @param bias of these columns; 0 if there is none
 * @param residual what is added after the activation; 0 if nothing is
 */
export function finish(product: v128, bias: usize, residual: usize, out: usize, activation: i32): void {
  let y = product;
  if (bias != 0) y = f32x4.add(y, v128.load(bias));
  if (activation == TANH_GELU) y = tanhGelu(y);
  else if (activation == ERF_GELU) y = erfGelu(y);
  if (residual != 0) y = f32x4.add(v128.load(residual), y);
  v128.store(out, y);
}

/** The activation alone, in place, where the product was summed up in several goes. @param count a multiple of 4 */
export function activate(values: usize, count: i32, activation: i32): void {
  const end = values + ((<usize>count) << 2);
  for (let at = values; at < end; at += 16) finish(v128.load(at), 0, 0, at, activation);
}
