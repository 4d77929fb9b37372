/** Brings weights from ONNX's order to the order in which the kernels read them. */
import {
  BYTES,
  orderBytes,
  PAIR_ACTIVATIONS,
  PAIR_STEP,
  PAIR_WEIGHTS,
  PAIRS,
  PANEL_COLUMNS,
} from "./layouts";

/**
 * int8 `k × columns` → panels of 8 columns, see `layouts.ts`, and the sum of each column's weights.
 * @param order room for `orderBytes(k)` bytes for each panel; for `PAIRS`
 * @param sums int32, one for each column
 */
export function packInt8(
  layout: i32,
  source: usize,
  target: usize,
  order: usize,
  sums: usize,
  k: i32,
  columns: i32,
): void {
  memory.fill(sums, 0, (<usize>columns) << 2);
  for (let column = 0; column < columns; column += PANEL_COLUMNS) {
    if (ASC_FEATURE_RELAXED_SIMD && layout == PAIRS) {
      orderedPanel(source, target, order, sums, k, columns);
      order += orderBytes(k);
    } else {
      const group = layout == BYTES ? 4 : 2;
      for (let step = 0; step < k; step += group) {
        packGroup(
          source + <usize>step * columns,
          target + <usize>(step * PANEL_COLUMNS),
          sums,
          columns,
          group,
        );
      }
    }
    source += PANEL_COLUMNS;
    target += <usize>k * PANEL_COLUMNS;
    sums += 4 * PANEL_COLUMNS;
  }
}

/** Packs `group` steps of K of a panel: the steps of a column side by side. */
function packGroup(source: usize, target: usize, sums: usize, columns: i32, group: i32): void {
  for (let column = 0; column < PANEL_COLUMNS; column++) {
    let total = load<i32>(sums);
    for (let step = 0; step < group; step++) {
      const weight = load<i8>(source + <usize>(step * columns + column));
      total += weight;
      store<i8>(target++, weight);
    }
    store<i32>(sums, total);
    sums += 4;
  }
}

/** Packs a panel for `PAIRS`: first the steps that may be added in 16 bits, then the others. */
function orderedPanel(source: usize, target: usize, order: usize, sums: usize, k: i32, columns: i32): void {
  const steps = order + 4;
  let first = 0;
  let last = k / PAIR_STEP;
  for (let step = 0; step < k; step += PAIR_STEP) {
    const from = source + <usize>step * columns;
    const to = target + <usize>first * PAIR_WEIGHTS;
    packGroup(from, to, sums, columns, 4);
    packGroup(from + <usize>(4 * columns), to + PAIR_WEIGHTS / 2, sums, columns, 4);
    const activations = <u16>((<usize>step / PAIR_STEP) * PAIR_ACTIVATIONS);
    if (fits(to)) {
      store<u16>(steps + ((<usize>first) << 1), activations);
      first++;
    } else {
      last--;
      store<u16>(steps + ((<usize>last) << 1), activations);
      memory.copy(target + <usize>last * PAIR_WEIGHTS, to, PAIR_WEIGHTS);
    }
  }
  store<u16>(order, 1);
  store<u16>(order, <u16>first, 2);
}

/**
 * True if the products of a step with 7-bit activations can be added in 16 bits. Activations are not negative, so the
 * sum of four products is between −127 N and 127 P, where P is the sum of the positive weights and −N the sum of the
 * negative ones. Both P and N must be ≤ 258.
 */
function fits(step: usize): bool {
  return v128.any_true(v128.or(exceeds(step), exceeds(step + PAIR_WEIGHTS / 4))) == 0;
}

function exceeds(at: usize): v128 {
  const zero = i8x16.splat(0);
  const a = v128.load(at);
  const b = v128.load(at, 32);
  const positive = i16x8.add(
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(a, zero)),
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(b, zero)),
  );
  const negative = i16x8.add(
    i16x8.extadd_pairwise_i8x16_s(i8x16.min_s(a, zero)),
    i16x8.extadd_pairwise_i8x16_s(i8x16.min_s(b, zero)),
  );
  return v128.or(i16x8.gt_s(positive, i16x8.splat(258)), i16x8.lt_s(negative, i16x8.splat(-258)));
}

/** float32 `channels × taps` → `[channels/block][taps][block]`, so that a tap's values are side by side. */
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
