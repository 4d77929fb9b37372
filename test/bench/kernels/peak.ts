/** Measures the machine's peak: relaxed dot products of registers, without loads and stores. */

/**
 * @returns a value that depends on every product, so that the compiler cannot remove any; `12 × 16` MACs in each step
 */
export function peak(steps: i32): i32 {
  const x = i8x16.splat(<i8>(steps & 127));
  let a = x,
    b = x,
    c = x,
    d = x,
    e = x,
    f = x,
    g = x,
    h = x,
    i = x,
    j = x,
    k = x,
    l = x;
  for (let step = 0; step < steps; step++) {
    a = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, a);
    b = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, b);
    c = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, c);
    d = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, d);
    e = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, e);
    f = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, f);
    g = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, g);
    h = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, h);
    i = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, i);
    j = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, j);
    k = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, k);
    l = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, l);
  }
  const low = i32x4.add(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), i32x4.add(e, f));
  const high = i32x4.add(i32x4.add(i32x4.add(g, h), i32x4.add(i, j)), i32x4.add(k, l));
  return i32x4.extract_lane(i32x4.add(low, high), 0);
}
