/** What the host makes of the relaxed dot product. Besides the towers' modules, one of its own has this and nothing else. */

/** Whether there is a relaxed dot product: whether this is the module with relaxed SIMD. */
export function hasDot(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}

/**
 * Whether the host's dot product is exact for bytes up to 255, too: AVX-VNNI's is, others saturate or take them for
 * signed. The specification leaves it to the host but has it decide once.
 * @param byte 255: a constant would be folded by the compiler, not by the host
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
