/**
 * Outliers, which pretrained weights have and uniform ones lack: channels that a LayerNorm makes far larger than the
 * others, and linear weights with heavy tails. They are computed from the same hashes, so that they can be regenerated
 * in any language.
 */
import { elementCount } from "../checkpoint/checkpoint.ts";
import { distribution, syntheticTensor, syntheticUniform } from "./synthetic-tensor.ts";

/** The share of channels of a block's norm that are outliers, and their factor. */
const OUTLIER_SHARE = 0.01;
const OUTLIER_FACTOR = 20;
/** Degrees of freedom of Student's t: the smallest whole number with a finite variance. */
const FREEDOM = 3;

const BLOCK_NORM = /\.blocks\.\d+\.norm\.weight$|\.ln_[12]\.weight$/;
const MLP = /\.mlp\.(fc1|fc2|c_fc|c_proj)\.weight$/;

/** Like `syntheticTensor`, but with outliers in the norms and MLPs of blocks. */
export function outlierTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (MLP.test(name)) return heavyTailed(name, shape);
  const values = syntheticTensor(name, shape);
  return BLOCK_NORM.test(name) ? withOutliers(name, values) : values;
}

/** The outlier channels: those with the largest hashes, at least one. */
function withOutliers(name: string, values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const ranks = syntheticUniform(`${name}:outliers`, values.length);
  const count = Math.max(1, Math.round(OUTLIER_SHARE * values.length));
  const least = ranks.toSorted().at(-count) ?? 1;
  return values.map((value, i) => ((ranks[i] ?? 0) >= least ? OUTLIER_FACTOR * value : value));
}

/** Student's t by Bailey's polar method (1994), with the variance of the uniform weights. */
function heavyTailed(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const count = elementCount(shape);
  const [radii, angles] = ["radius", "angle"].map((part) => syntheticUniform(`${name}:${part}`, count));
  const { std } = distribution(name, shape);
  const unit = std / Math.sqrt(FREEDOM / (FREEDOM - 2));
  return Float32Array.from({ length: count }, (_, i) => {
    // float32 may round to 1, which would give infinity.
    const rest = Math.max(2 ** -32, 1 - (radii?.[i] ?? 0));
    const radius = Math.sqrt(FREEDOM * (rest ** (-2 / FREEDOM) - 1));
    return unit * radius * Math.cos(2 * Math.PI * (angles?.[i] ?? 0));
  });
}
