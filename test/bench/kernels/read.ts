/** Reads memory and does nearly nothing with it, to compare the pace of other kernels with. */

/**
 * Adds up memory as int32, which wrap.
 * @param bytes a multiple of 64
 * @returns a value that depends on every byte, so that the compiler cannot remove any load
 */
export function read(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = from + bytes; from < end; from += 64) {
    a = i32x4.add(a, v128.load(from));
    b = i32x4.add(b, v128.load(from, 16));
    c = i32x4.add(c, v128.load(from, 32));
    d = i32x4.add(d, v128.load(from, 48));
  }
  const sums = i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}
