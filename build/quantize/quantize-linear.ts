/**
 * Symmetric int8 weights with one scale per output channel: `w ≈ scale[n] × q[k, n]`, q in [-127, 127], zero
 * point 0. The scale is the channel's largest magnitude over 127, so the largest weight is exact and -128 is
 * never used (products of two -128 would overflow the 16-bit lanes in which some kernels add).
 */
export interface QuantizedLinear {
  /** int8, `input × output`, row-major: the right-hand side of a MatMul. */
  values: Int8Array<ArrayBuffer>;
  /** float32, one per output channel. */
  scales: Float32Array<ArrayBuffer>;
  /** Root mean square of the rounding error, divided by that of the weights. */
  relativeError: number;
}

/**
 * @param weight float32, `output × input`, row-major, as in PyTorch's Linear
 */
export function quantizeLinear(weight: Float32Array, output: number, input: number): QuantizedLinear {
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(output);
  let squares = 0;
  let errors = 0;
  for (let n = 0; n < output; n++) {
    const row = weight.subarray(n * input, (n + 1) * input);
    const scale = Math.fround(maxMagnitude(row) / 127);
    scales[n] = scale;
    for (let k = 0; k < input; k++) {
      const w = row[k] ?? 0;
      const q = scale === 0 ? 0 : Math.round(w / scale);
      values[k * output + n] = q;
      squares += w * w;
      errors += (w - q * scale) ** 2;
    }
  }
  return { values, scales, relativeError: squares === 0 ? 0 : Math.sqrt(errors / squares) };
}

/** The rounding error of the weights, `output × input`. Quantized as well, it has the next 8 bits. */
export function roundingError(
  weight: Float32Array,
  { values, scales }: QuantizedLinear,
  output: number,
  input: number,
): Float32Array {
  const rest = new Float32Array(weight.length);
  for (let n = 0; n < output; n++) {
    for (let k = 0; k < input; k++) {
      rest[n * input + k] = (weight[n * input + k] ?? 0) - (scales[n] ?? 0) * (values[k * output + n] ?? 0);
    }
  }
  return rest;
}

/** Largest absolute value; 0 for an empty array. */
export function maxMagnitude(values: Float32Array): number {
  let max = 0;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude > max) max = magnitude;
  }
  return max;
}
