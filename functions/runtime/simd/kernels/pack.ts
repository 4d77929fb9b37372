/** Weights from the order in which ONNX stores them to the order in which the kernels read them. */

/** Columns that are computed together. */
export const PANEL_COLUMNS = 8;
/** Steps of K that are stored together: what one dot product takes. */
const GROUP = ASC_FEATURE_RELAXED_SIMD ? 4 : 2;

/**
 * int8 `k × columns` → `[columns/8][k/GROUP][8][GROUP]`, and the sum of every column's weights.
 * @param sums int32, one a column
 */
export function packInt8(source: usize, target: usize, sums: usize, k: i32, columns: i32): void {
  memory.fill(sums, 0, (<usize>columns) << 2);
  for (let panel = 0; panel < columns; panel += PANEL_COLUMNS) {
    for (let group = 0; group < k; group += GROUP) {
      for (let column = 0; column < PANEL_COLUMNS; column++) {
        const sum = sums + ((<usize>(panel + column)) << 2);
        let total = load<i32>(sum);
        for (let step = 0; step < GROUP; step++) {
          const weight = load<i8>(source + <usize>(group + step) * columns + panel + column);
          total += weight;
          store<i8>(target++, weight);
        }
        store<i32>(sum, total);
      }
    }
  }
}

/** float32 `channels × taps` → `[channels/block][taps][block]`: a tap's values side by side. */
export function packChannels(source: usize, target: usize, channels: i32, taps: i32, block: i32): void {
  for (let first = 0; first < channels; first += block) {
    for (let tap = 0; tap < taps; tap++) {
      for (let channel = first; channel < first + block; channel++) {
        store<f32>(target, load<f32>(source + ((<usize>(channel * taps + tap)) << 2)));
        target += 4;
      }
    }
  }
}
