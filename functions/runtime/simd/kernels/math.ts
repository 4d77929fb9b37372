/**
 * Functions of four float32 values at a time.
 *
 * Their constants are in memory, written when the module starts: V8 builds a constant vector at every use with three
 * instructions, while loading one takes one.
 */
import { CONSTANTS } from "./low-memory";

/** 1.5 × 2²³: adding it rounds a value to an integer and leaves the integer in the low bits. */
const ROUND: f32 = 12582912.0;

const ZERO: usize = CONSTANTS;
const HALF: usize = CONSTANTS + 16;
const ONE: usize = CONSTANTS + 32;
const GELU: usize = CONSTANTS + 48;
const EXP: usize = GELU + 9 * 16;
const ERF: usize = EXP + 12 * 16;
const QUICK: usize = ERF + 7 * 16;

keep(ZERO, 0, 0);
keep(HALF, 0, 0.5);
keep(ONE, 0, 1);

keep(GELU, 0, -4);
keep(GELU, 1, 4);
keep(GELU, 2, 2.27823532e-8);
keep(GELU, 3, -1.5986489e-6);
keep(GELU, 4, 4.79564377e-5);
keep(GELU, 5, -8.14024246e-4);
keep(GELU, 6, 0.00877242981);
keep(GELU, 7, -0.0645731984);
keep(GELU, 8, 0.397883408);

keep(EXP, 0, 88.0);
keep(EXP, 1, -87.0);
keep(EXP, 2, 1.44269504088896341);
keep(EXP, 3, ROUND);
// ln 2 as the sum of two constants, so that the remainder keeps its last bits.
keep(EXP, 4, 0.693359375);
keep(EXP, 5, -2.1219444e-4);
keep(EXP, 6, 1.98756915e-4);
keep(EXP, 7, 1.3981999507e-3);
keep(EXP, 8, 8.3334519073e-3);
keep(EXP, 9, 4.1665795894e-2);
keep(EXP, 10, 1.6666665459e-1);
keep(EXP, 11, 5.0000001201e-1);

keep(ERF, 0, 0.70710678118654752);
keep(ERF, 1, 0.3275911);
keep(ERF, 2, 1.061405429);
keep(ERF, 3, -1.453152027);
keep(ERF, 4, 1.421413741);
keep(ERF, 5, -0.284496736);
keep(ERF, 6, 0.254829592);

keep(QUICK, 0, 1.702);

function keep(table: usize, index: usize, value: f32): void {
  v128.store(table + (index << 4), f32x4.splat(value));
}

function constant(table: usize, index: usize = 0): v128 {
  return v128.load(table + (index << 4));
}

/** `e^x`: range reduction and the polynomial of Cephes' `expf`, within 2 ulp; NaN stays NaN. */
export function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, constant(EXP, 0)), constant(EXP, 1));
  const shifted = f32x4.add(f32x4.mul(x, constant(EXP, 2)), constant(EXP, 3));
  const n = f32x4.sub(shifted, constant(EXP, 3));
  const high = f32x4.sub(x, f32x4.mul(n, constant(EXP, 4)));
  const r = f32x4.sub(high, f32x4.mul(n, constant(EXP, 5)));
  let p = f32x4.add(f32x4.mul(constant(EXP, 6), r), constant(EXP, 7));
  p = f32x4.add(f32x4.mul(p, r), constant(EXP, 8));
  p = f32x4.add(f32x4.mul(p, r), constant(EXP, 9));
  p = f32x4.add(f32x4.mul(p, r), constant(EXP, 10));
  p = f32x4.add(f32x4.mul(p, r), constant(EXP, 11));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), constant(ONE));
  // Adds n, which is in the low bits, to y's exponent.
  return i32x4.add(y, i32x4.shl(shifted, 23));
}

/**
 * GELU as `x · (½ + c P(c²))`, where c is x clamped to ±4. It replaces the tanh form of GELU and is closer to the exact
 * GELU: within 2e-4, the tanh form within 5e-4. P is a least-squares fit of degree 6. No division, no exponential.
 */
export function clampedGelu(x: v128): v128 {
  const c = f32x4.pmax(f32x4.pmin(x, constant(GELU, 1)), constant(GELU, 0));
  const s = f32x4.mul(c, c);
  let p = f32x4.add(f32x4.mul(constant(GELU, 2), s), constant(GELU, 3));
  p = f32x4.add(f32x4.mul(p, s), constant(GELU, 4));
  p = f32x4.add(f32x4.mul(p, s), constant(GELU, 5));
  p = f32x4.add(f32x4.mul(p, s), constant(GELU, 6));
  p = f32x4.add(f32x4.mul(p, s), constant(GELU, 7));
  p = f32x4.add(f32x4.mul(p, s), constant(GELU, 8));
  const gate = f32x4.pmax(f32x4.add(f32x4.mul(p, c), constant(HALF)), constant(ZERO));
  return f32x4.mul(x, f32x4.pmin(gate, constant(ONE)));
}

/** Exact GELU, `x/2 (1 + erf(x/√2))`; erf by Abramowitz and Stegun 7.1.26, within 1.5e-7. */
export function erfGelu(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), constant(ERF, 0));
  const t = f32x4.div(constant(ONE), f32x4.add(constant(ONE), f32x4.mul(z, constant(ERF, 1))));
  let p = f32x4.add(f32x4.mul(constant(ERF, 2), t), constant(ERF, 3));
  p = f32x4.add(f32x4.mul(p, t), constant(ERF, 4));
  p = f32x4.add(f32x4.mul(p, t), constant(ERF, 5));
  p = f32x4.add(f32x4.mul(p, t), constant(ERF, 6));
  const tail = f32x4.mul(f32x4.mul(p, t), exp(f32x4.neg(f32x4.mul(z, z))));
  const half = f32x4.mul(constant(HALF), x);
  // erf is odd, so x · erf(x) does not depend on the sign of x: |x|/2 · (1 − tail) needs no sign.
  return f32x4.add(half, f32x4.mul(f32x4.abs(half), f32x4.sub(constant(ONE), tail)));
}

/** QuickGELU, `x · sigmoid(1.702 x)`: the activation of OpenAI's CLIP. */
export function quickGelu(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.mul(x, constant(QUICK))));
  return f32x4.div(x, f32x4.add(constant(ONE), e));
}

/** The sum of the four lanes, in a fixed order. */
export function sum(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}
