/** Finds the highest few of many values without sorting all of them. */

/**
 * @param candidates indices into `values`
 * @returns the indices of the `count` highest values, highest first; for equal values, the earlier index first
 */
export function topIndices(
  candidates: readonly number[],
  values: ArrayLike<number>,
  count: number,
): number[] {
  const best: number[] = [];
  for (const index of candidates) {
    const value = values[index] ?? -Infinity;
    if (best.length === count && value <= (values[best[count - 1] ?? 0] ?? -Infinity)) continue;
    let [low, high] = [0, best.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[best[middle] ?? 0] ?? -Infinity) >= value) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, index);
    if (best.length > count) best.pop();
  }
  return best;
}
