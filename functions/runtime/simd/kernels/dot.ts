/** What the host makes of the relaxed dot product. Besides the towers' modules, one of its own has this and nothing else. */

/** 1 if this is the module with relaxed SIMD, which has the relaxed dot product. */
export function hasDot(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}

/**
 * Tells whether the host's dot product is exact for bytes up to 255 too. AVX-VNNI's is; others saturate or read the
 * bytes as signed. The specification lets the host choose, but the choice may not change.
 * @param byte 255; a parameter, because the compiler would compute the result for a constant itself, not on the host
 */
export function takesBytes(byte: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return 0;
  const x = i8x16.splat(<i8>byte);
  const zero = i32x4.splat(0);
  const most = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), x, zero);
  const least = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(-127), x, zero);
  return i32(
    i32x4.extract_lane(most, 0) == 4 * 127 * byte && i32x4.extract_lane(least, 0) == -4 * 127 * byte,
  );
}
