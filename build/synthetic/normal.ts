/**
 * Linear weights drawn from a normal distribution, which is nearer to trained ones than the rule's uniform one: of int8
 * weights scaled by the largest of their channel, most are small. Kernels that depend on the weights' values are timed
 * on these, too. Made from the same hashes, so that any language can regenerate them.
 */
import { elementCount } from "../checkpoint/checkpoint.ts";
import { distribution, syntheticTensor, syntheticUniform } from "./synthetic-tensor.ts";

/** As `syntheticTensor`, but matrices and convolutions by the method of Box and Muller (1958), with the same variance. */
export function normalTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (shape.length < 2) return syntheticTensor(name, shape);
  const count = elementCount(shape);
  const [radii, angles] = ["radius", "angle"].map((part) => syntheticUniform(`${name}:${part}`, count));
  const { mean, std } = distribution(name, shape);
  return Float32Array.from({ length: count }, (_, i) => {
    // A float32 may round up to 1, which would be infinitely far out.
    const rest = Math.max(2 ** -32, 1 - (radii?.[i] ?? 0));
    return mean + std * Math.sqrt(-2 * Math.log(rest)) * Math.cos(2 * Math.PI * (angles?.[i] ?? 0));
  });
}
