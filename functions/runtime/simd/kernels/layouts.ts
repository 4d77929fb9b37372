/**
 * The order of activations and weights in memory for each of the three inner loops. The rows of a tile's activations
 * are interleaved: the values of one step of K are side by side, at constant offsets, so that a loop moves one pointer
 * instead of one for each row.
 *
 * | layout | inner loop | activations | a step of K | weights of a panel |
 * | --- | --- | --- | --- | --- |
 * | bytes | `i32x4.relaxed_dot_i8x16_i7x16_add_s`, where the host takes bytes | uint8, 8 bits | 4 | `[k/4][8][4]` |
 * | wide | `i32x4.dot_i16x8_s`, needs no relaxed SIMD | int16, any 16 bits | 2 | `[k/2][8][2]` |
 * | pairs | two `i16x8.relaxed_dot_i8x16_i7x16_s` added in 16 bits | uint8, 7 bits | 8 | `[k/8][2][8][4]`, ordered |
 */
export const BYTES = 0;
export const WIDE = 1;
export const PAIRS = 2;

/** Columns that are computed together. */
export const PANEL_COLUMNS = 8;

/** Rows of a tile: as many as 16 registers allow. */
export const BYTES_ROWS = 6;
export const WIDE_ROWS = 4;
const PAIRS_ROWS = 3;

export function tileRows(layout: i32): i32 {
  return layout == BYTES ? BYTES_ROWS : layout == WIDE ? WIDE_ROWS : PAIRS_ROWS;
}

/** Bytes of a tile's activations. */
export function activationBytes(layout: i32, k: i32): usize {
  return (<usize>(tileRows(layout) * k)) << (layout == WIDE ? 1 : 0);
}

/**
 * Steps of K that the pair loop takes together, and the bytes of a tile's activations and of a panel's weights for
 * them.
 */
export const PAIR_STEP = 8;
export const PAIR_ACTIVATIONS: usize = PAIR_STEP * PAIRS_ROWS;
export const PAIR_WEIGHTS: usize = PAIR_STEP * PANEL_COLUMNS;

/**
 * Bytes of a panel's order. It holds uint16 values: the number 1, the number of steps that may be added in 16 bits,
 * then the offset of each step's activations, in the order of the weights.
 */
export function orderBytes(k: i32): usize {
  return <usize>(2 * (k / PAIR_STEP + 2));
}
