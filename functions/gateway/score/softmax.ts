/** Softmax and related functions, numerically stable for logits of any size. */

/** Probabilities that sum to 1. An empty list gives an empty list. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const weights = Float64Array.from(logits);
  const highest = weights.reduce((most, logit) => Math.max(most, logit), -Infinity);
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i] = Math.exp((weights[i] ?? 0) - highest);
  return weights.map((weight) => weight / total);
}

/** `log(mean(exp(logits)))`. */
export function logMeanExp(logits: readonly number[]): number {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return highest + Math.log(total / logits.length);
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
