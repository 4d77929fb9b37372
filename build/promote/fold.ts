/**
 * Moves magnitude from activations into weights, channel by channel, as SmoothQuant does (Xiao et al., 2022): channel
 * `j` is divided by `max|x_j|^a / max|w_j|^(1 − a)` in the LayerNorm and multiplied by it in the layer's weights.
 */

/**
 * Computes these scales, as powers of two around 1. A common factor has no effect, so the median channel keeps its
 * scale.
 * @param activations largest magnitude of each channel
 * @param weights largest magnitude of the weights that each channel is multiplied by
 * @param strength the exponent `a`: 0 evens out the weights, 1 the activations
 */
export function foldScales(
  activations: Float32Array,
  weights: Float32Array,
  strength: number,
): Float32Array<ArrayBuffer> {
  const exponents = Array.from(activations, (x, j) => {
    const w = weights[j] ?? 0;
    return x === 0 || w === 0 ? 0 : strength * Math.log2(x) - (1 - strength) * Math.log2(w);
  });
  const middle = exponents.toSorted((a, b) => a - b)[Math.floor(exponents.length / 2)] ?? 0;
  return Float32Array.from(exponents, (exponent) => 2 ** Math.round(exponent - middle));
}

/**
 * @param weight float32, `output × input`, row-major
 * @param scales of channels; column `k` belongs to channel `k % scales.length`, because a row may span several
 * positions
 */
export function scaleColumns(weight: Float32Array, scales: Float32Array, input: number): Float32Array {
  return weight.map((value, i) => value * (scales[(i % input) % scales.length] ?? 1));
}

/** A LayerNorm's weight or bias for a layer whose columns were scaled; unchanged without scales. */
export function unscale(values: Float32Array, scales: Float32Array | undefined): Float32Array {
  return scales === undefined ? values : values.map((value, j) => value / (scales[j] ?? 1));
}

/** Largest magnitude of each channel; `values[i]` belongs to channel `i % channels`. */
export function channelMagnitudes(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const largest = new Float32Array(channels);
  for (let start = 0; start < values.length; start += channels) {
    for (let j = 0; j < channels; j++) {
      const magnitude = Math.abs(values[start + j] ?? 0);
      if (magnitude > (largest[j] ?? 0)) largest[j] = magnitude;
    }
  }
  return largest;
}
