/**
 * Pre-norm transformer block: x + attention(ln_1(x)), then + mlp(ln_2(·)). All texts' positions go through the matmuls
 * together, whose activations are scaled by row; each text attends to itself alone.
 */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeGelu, takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step, type TextSpan } from "./step.ts";

export function takeTextBlock(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const first = takeLayerNorm(cursor, weights, x);
  const { width } = first;
  const [inProjection, qkv] = takeLinear(cursor, weights, first.output);
  const parts = cursor.take("Split", qkv).outputs;
  const attention = cursor.take("MultiHeadAttention", ...parts);
  const [heads = 0] = attention.attributes.get("num_heads") ?? [];
  if (attention.attributes.get("unidirectional")?.[0] !== 1) throw new SimdError("attention is not causal");
  const [outProjection, attended] = takeLinear(cursor, weights, attention.outputs[0] ?? "");
  const middle = cursor.through("Add", x, attended);
  const second = takeLayerNorm(cursor, weights, middle);
  const [expand, expanded] = takeLinear(cursor, weights, second.output);
  const [activation, activated] = takeGelu(cursor, expanded);
  const [project, projected] = takeLinear(cursor, weights, activated);
  const output = cursor.through("Add", middle, projected);
  const layers = [inProjection, outProjection, expand, project];

  const step: Step = {
    outputShape: (shape) => shape,
    scratch: ([, length = 0]) => [
      length * width * FLOAT_BYTES,
      length * Math.max(inProjection.output, expand.output) * FLOAT_BYTES,
      // Room for the kernel to write whole vectors.
      (length + 4) * FLOAT_BYTES,
      Math.max(...layers.map((layer) => layer.scratchBytes(length))),
    ],
    run({ kernels, input, shape: [, rows = 0], texts, output: out, scratch: buffers }) {
      const [normed = 0, wide = 0, scores = 0, scratch = 0] = buffers;
      const attend = ({ start, length }: TextSpan): void => {
        const at = start * width * FLOAT_BYTES;
        kernels.attention(wide + 3 * at, normed + at, scores, length, width, heads);
      };
      first.norm(kernels, input, normed, rows);
      inProjection.apply({ kernels, x: normed, out: wide, rows, scratch });
      texts.forEach(attend);
      outProjection.apply({ kernels, x: normed, out, rows, scratch, residual: input });
      second.norm(kernels, out, normed, rows);
      expand.apply({ kernels, x: normed, out: wide, rows, scratch, activation });
      project.apply({ kernels, x: wide, out, rows, scratch, residual: out });
    },
  };
  return [step, output];
}
