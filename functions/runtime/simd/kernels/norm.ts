import { sum } from "./math";

/**
 * LayerNorm over each row, as ONNX's LayerNormalization.
 * @param target may be `source`
 * @param columns a multiple of 4
 */
export function layerNorm(
  source: usize,
  target: usize,
  weight: usize,
  bias: usize,
  rows: i32,
  columns: i32,
  epsilon: f32,
): void {
  const bytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++) {
    let total = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) total = f32x4.add(total, v128.load(source + at));
    const mean = f32x4.splat(sum(total) / <f32>columns);
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.sub(v128.load(source + at), mean);
      squares = f32x4.add(squares, f32x4.mul(x, x));
    }
    const factor = f32x4.splat(1 / sqrt<f32>(sum(squares) / <f32>columns + epsilon));
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.mul(f32x4.sub(v128.load(source + at), mean), factor);
      v128.store(target + at, f32x4.add(f32x4.mul(x, v128.load(weight + at)), v128.load(bias + at)));
    }
    source += bytes;
    target += bytes;
  }
}
