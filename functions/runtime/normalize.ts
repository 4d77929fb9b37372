/** Scales each row of a `count × width` matrix to unit length, in place. A zero row stays zero. */
export function normalizeRows(values: Float32Array, width: number): Float32Array {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    let squares = 0;
    for (const value of row) squares += value * value;
    const factor = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) * factor;
  }
  return values;
}
