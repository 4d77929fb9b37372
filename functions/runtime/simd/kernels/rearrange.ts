/** Rearranges values so that a convolution becomes a matmul; also means of columns and sums. All float32. */

/**
 * Copies one row of a picture's patches. Each patch becomes a row of `3 × side²` values in the order of a convolution's
 * weights: channel, y, x.
 * @param source NCHW, 3 channels; the first pixel of the row
 * @param side of a patch; it divides `width`
 */
export function patchifyRow(source: usize, target: usize, height: i32, width: i32, side: i32): void {
  const bytes = (<usize>side) << 2;
  for (let x = 0; x < width; x += side) {
    for (let channel = 0; channel < 3; channel++) {
      for (let y = 0; y < side; y++) {
        const from = source + ((<usize>((channel * height + y) * width + x)) << 2);
        if (side == 4) v128.store(target, v128.load(from));
        else memory.copy(target, from, bytes);
        target += bytes;
      }
    }
  }
}

/**
 * Two rows of an NHWC map → one row of half the width. Each position gets the channels of 2 × 2 positions, in the order
 * y, x, channel.
 */
export function spaceToDepth(source: usize, target: usize, width: i32, channels: i32): void {
  const pair = (<usize>channels) << 3;
  const row = (<usize>(width * channels)) << 2;
  for (let x = 0; x < width; x += 2) {
    memory.copy(target, source, pair);
    memory.copy(target + pair, source + row, pair);
    source += pair;
    target += 2 * pair;
  }
}

/** @param columns a multiple of 4 */
export function meanOfRows(source: usize, target: usize, rows: i32, columns: i32): void {
  const bytes = (<usize>columns) << 2;
  const count = f32x4.splat(<f32>rows);
  for (let at: usize = 0; at < bytes; at += 16) {
    let total = f32x4.splat(0);
    for (let row = 0; row < rows; row++)
      total = f32x4.add(total, v128.load(source + <usize>row * bytes + at));
    v128.store(target + at, f32x4.div(total, count));
  }
}

/** `target = a + b`. @param count a multiple of 4 */
export function add(a: usize, b: usize, target: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(target + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  }
}
