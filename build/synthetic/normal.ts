/**
 * Linear weights from a normal distribution. They are nearer to trained weights than uniform ones: scaled by the
 * largest of their channel, most int8 weights are small. Kernels whose speed depends on the weights are measured with
 * these as well. They are computed from the same hashes, so that they can be regenerated in any language.
 */
import { elementCount } from "../checkpoint/checkpoint.ts";
import { distribution, syntheticTensor, syntheticUniform } from "./synthetic-tensor.ts";

/**
 * Like `syntheticTensor`, but matrices and convolutions by the method of Box and Muller (1958), with the same variance.
 */
export function normalTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (shape.length < 2) return syntheticTensor(name, shape);
  const count = elementCount(shape);
  const [radii, angles] = ["radius", "angle"].map((part) => syntheticUniform(`${name}:${part}`, count));
  const { mean, std } = distribution(name, shape);
  return Float32Array.from({ length: count }, (_, i) => {
    // float32 may round to 1, which would give infinity.
    const rest = Math.max(2 ** -32, 1 - (radii?.[i] ?? 0));
    return mean + std * Math.sqrt(-2 * Math.log(rest)) * Math.cos(2 * Math.PI * (angles?.[i] ?? 0));
  });
}
