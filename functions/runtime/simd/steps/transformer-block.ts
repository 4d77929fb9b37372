/**
 * Pre-norm transformer block of either tower: x + attention(ln_1(x)), then + mlp(ln_2(·)). The positions of all texts
 * go through the matmuls together; each row has its own activation scale, so texts do not influence each other.
 * Attention is causal and within each text, or among all patches of a picture.
 */
import { attentionBytes, HEAD_STEP } from "../kernels.ts";
import { takeLayerNorm } from "../layer-norm.ts";
import { takeGelu, takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeTransformerBlock(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const first = takeLayerNorm(cursor, weights, x);
  const { width } = first;
  const [inProjection, qkv] = takeLinear(cursor, weights, first.output);
  const parts = cursor.take("Split", qkv).outputs;
  const attention = cursor.take("MultiHeadAttention", ...parts);
  const [heads = 0] = attention.attributes.get("num_heads") ?? [];
  const causal = attention.attributes.get("unidirectional")?.[0] === 1;
  if (!(heads > 0) || width % (HEAD_STEP * heads) !== 0) {
    throw new SimdError(
      `${heads} heads of ${width} channels: channels of a head must be a multiple of ${HEAD_STEP}`,
    );
  }
  const [outProjection, attended] = takeLinear(cursor, weights, attention.outputs[0] ?? "");
  const middle = cursor.through("Add", x, attended);
  const second = takeLayerNorm(cursor, weights, middle);
  const [expand, expanded] = takeLinear(cursor, weights, second.output);
  const [activation, activated] = takeGelu(cursor, expanded);
  const [project, projected] = takeLinear(cursor, weights, activated, causal ? 8 : 7);
  const output = cursor.through("Add", middle, projected);
  const layers = [inProjection, outProjection, expand, project];

  const step: Step = {
    outputShape: (shape) => shape,
    scratch: ([, positions = 0]) => [
      positions * width * FLOAT_BYTES,
      positions * Math.max(inProjection.output, expand.output) * FLOAT_BYTES,
      attentionBytes(positions, width / heads),
      Math.max(...layers.map((layer) => layer.scratchBytes(positions))),
    ],
    run({ kernels, input, shape: [, rows = 0], texts, output: out, scratch: buffers }) {
      const [normed = 0, wide = 0, scores = 0, scratch = 0] = buffers;
      const attend = (start: number, length: number): void => {
        const at = start * width * FLOAT_BYTES;
        kernels.attention(wide + 3 * at, normed + at, scores, length, width, heads, causal ? 1 : 0);
      };
      first.norm(kernels, input, normed, rows);
      inProjection.apply({ kernels, x: normed, out: wide, rows, scratch });
      if (texts.length === 0) attend(0, rows);
      for (const { start, length } of texts) attend(start, length);
      outProjection.apply({ kernels, x: normed, out, rows, scratch, residual: input });
      second.norm(kernels, out, normed, rows);
      expand.apply({ kernels, x: normed, out: wide, rows, scratch, activation });
      project.apply({ kernels, x: wide, out, rows, scratch, residual: out });
    },
  };
  return [step, output];
}
