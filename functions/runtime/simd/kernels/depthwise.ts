/**
 * Depthwise 7×7 convolution in NHWC, float32. First, some channels of a band of rows are copied to a small padded map.
 * There a channel's neighbours are close together, the borders are zeros that need no special case, and everything
 * stays in the first-level cache.
 */
const TAPS = 7;
const MARGIN = 3;
/** Neighbouring outputs that are computed together and share the values they read. */
const RUN = 4;

/** Width of the padded map: whole runs of outputs, and the margins. */
function paddedWidth(width: i32): i32 {
  return ((width + RUN - 1) & -RUN) + 2 * MARGIN;
}

/**
 * Copies `channels` channels of the rows that a band needs; outside of the map it writes zeros.
 * @param source the map, `height × width × stride`, at the first of the channels
 * @param target `(rows + 6) × paddedWidth × channels`
 * @param first the band's first row
 * @param stride channels of the map
 */
export function padBand(
  source: usize,
  target: usize,
  height: i32,
  width: i32,
  stride: i32,
  channels: i32,
  first: i32,
  rows: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const padded = paddedWidth(width) * pixel;
  for (let y = first - MARGIN; y < first + rows + MARGIN; y++) {
    memory.fill(target, 0, padded);
    if (y >= 0 && y < height) {
      let from = source + ((<usize>(y * width) * stride) << 2);
      let to = target + MARGIN * pixel;
      for (let x = 0; x < width; x++) {
        for (let at: usize = 0; at < pixel; at += 16) v128.store(to + at, v128.load(from + at));
        from += (<usize>stride) << 2;
        to += pixel;
      }
    }
    target += padded;
  }
}

/**
 * @param source the padded map
 * @param weights of the channels, packed by `packChannels` in blocks of 4
 * @param target `rows × width × stride`, at the first of the channels
 * @param channels a multiple of 4
 */
export function depthwise(
  source: usize,
  weights: usize,
  bias: usize,
  target: usize,
  rows: i32,
  width: i32,
  stride: i32,
  channels: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const line = paddedWidth(width) * pixel;
  const step = (<usize>stride) << 2;
  for (let block: usize = 0; block < pixel; block += 16) {
    const shift = v128.load(bias + block);
    for (let y = 0; y < rows; y++) {
      let from = source + <usize>y * line + block;
      let to = target + <usize>(y * width) * step + block;
      for (let x = 0; x < width; x += RUN) {
        run(from, weights, shift, to, line, pixel, step, width - x);
        from += RUN * pixel;
        to += RUN * step;
      }
    }
    weights += TAPS * TAPS * 16;
  }
}

/** Computes four outputs of four channels and stores the first `left` outputs. */
function run(
  source: usize,
  weights: usize,
  bias: v128,
  target: usize,
  line: usize,
  pixel: usize,
  step: usize,
  left: i32,
): void {
  let s0 = bias,
    s1 = bias,
    s2 = bias,
    s3 = bias;
  for (let y = 0; y < TAPS; y++) {
    let x0 = v128.load(source);
    let x1 = v128.load(source + pixel);
    let x2 = v128.load(source + 2 * pixel);
    let next = source + 3 * pixel;
    for (let x = 0; x < TAPS; x++) {
      const w = v128.load(weights);
      const x3 = v128.load(next);
      s0 = f32x4.add(s0, f32x4.mul(w, x0));
      s1 = f32x4.add(s1, f32x4.mul(w, x1));
      s2 = f32x4.add(s2, f32x4.mul(w, x2));
      s3 = f32x4.add(s3, f32x4.mul(w, x3));
      x0 = x1;
      x1 = x2;
      x2 = x3;
      next += pixel;
      weights += 16;
    }
    source += line;
  }
  v128.store(target, s0);
  if (left > 1) v128.store(target + step, s1);
  if (left > 2) v128.store(target + 2 * step, s2);
  if (left > 3) v128.store(target + 3 * step, s3);
}
