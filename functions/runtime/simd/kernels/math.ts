/** Functions of four float32 at a time. */

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

/** GELU's tanh form, `x ÷ (1 + e^(−2√(2/π) (x + 0.044715 x³)))`: what ONNX's FastGelu computes. */
export function tanhGelu(x: v128): v128 {
  const cubic = f32x4.add(
    f32x4.mul(f32x4.mul(x, x), f32x4.splat(-1.5957691216 * 0.044715)),
    f32x4.splat(-1.5957691216),
  );
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp(f32x4.mul(x, cubic))));
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
