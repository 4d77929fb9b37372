/** Functions of four float32 at a time. */
import { CONSTANTS } from "./low-memory";

/** Adding it rounds to an integer and leaves that in the low bits: 1.5 × 2²³. */
const ROUND: f32 = 12582912.0;

/** `e^x`: range reduction and the polynomial of Cephes' `expf`, within 2 ulp; NaN stays NaN. */
export function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88.0)), f32x4.splat(-87.0));
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896341)), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  // ln 2 in two parts, so that the remainder keeps its last bits.
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // n, in the low bits, is added to y's exponent.
  return i32x4.add(y, i32x4.shl(shifted, 23));
}

/**
 * GELU as `x · (½ + c P(c²))`, c being x clamped to ±4: within 2e-4 of the exact one, where its tanh form, for which it
 * stands, is within 5e-4. P is a least-squares fit of degree 6; no division, no exponential.
 */
export function clampedGelu(x: v128): v128 {
  const c = f32x4.pmax(f32x4.pmin(x, constant(1)), constant(0));
  const s = f32x4.mul(c, c);
  let p = f32x4.add(f32x4.mul(constant(2), s), constant(3));
  p = f32x4.add(f32x4.mul(p, s), constant(4));
  p = f32x4.add(f32x4.mul(p, s), constant(5));
  p = f32x4.add(f32x4.mul(p, s), constant(6));
  p = f32x4.add(f32x4.mul(p, s), constant(7));
  p = f32x4.add(f32x4.mul(p, s), constant(8));
  const gate = f32x4.pmax(f32x4.add(f32x4.mul(p, c), constant(9)), f32x4.splat(0));
  return f32x4.mul(x, f32x4.pmin(gate, constant(10)));
}

/** The polynomial's constants, highest power first, between the bounds. They are set when the module starts. */
keep(0, -4);
keep(1, 4);
keep(2, 2.27823532e-8);
keep(3, -1.5986489e-6);
keep(4, 4.79564377e-5);
keep(5, -8.14024246e-4);
keep(6, 0.00877242981);
keep(7, -0.0645731984);
keep(8, 0.397883408);
keep(9, 0.5);
keep(10, 1);

/** V8 makes a constant vector anew at every use, by three instructions; to load it is one. */
function constant(index: usize): v128 {
  return v128.load(CONSTANTS + (index << 4));
}

function keep(index: usize, value: f32): void {
  v128.store(CONSTANTS + (index << 4), f32x4.splat(value));
}

/** Exact GELU, `x/2 (1 + erf(x/√2))`; erf by Abramowitz and Stegun 7.1.26, within 1.5e-7. */
export function erfGelu(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752));
  const t = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.mul(z, f32x4.splat(0.3275911))));
  let p = f32x4.splat(1.061405429);
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.453152027));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.421413741));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.284496736));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(p, t), exp(f32x4.neg(f32x4.mul(z, z))));
  const half = f32x4.mul(f32x4.splat(0.5), x);
  // erf is odd: |x|/2 · (1 − tail) has the sign of x twice, and so needs none.
  return f32x4.add(half, f32x4.mul(f32x4.abs(half), f32x4.sub(f32x4.splat(1), tail)));
}

/** The sum of the four lanes, in a fixed order. */
export function sum(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}
