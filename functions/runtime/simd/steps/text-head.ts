/** The head of the text tower: each text's end-of-text row, LayerNorm, projection. */
import { END_INPUT } from "../../tower/engine.ts";
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeTextHead(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const gather = cursor.take("GatherND", x, END_INPUT);
  const { norm, width, output: normed } = takeLayerNorm(cursor, weights, gather.outputs[0] ?? "");
  const [linear, output] = takeLinear(cursor, weights, normed);
  const step: Step = {
    outputShape: (_, texts) => [texts, linear.output],
    scratch: (_, texts) => [texts * width * FLOAT_BYTES, linear.scratchBytes(texts)],
    run({ kernels, input, texts, output: out, scratch: [ends = 0, scratch = 0] }) {
      for (const [i, { start, length, end }] of texts.entries()) {
        if (!(end >= 0 && end < length)) throw new SimdError(`a text of ${length} positions ends at ${end}`);
        norm(kernels, input + (start + end) * width * FLOAT_BYTES, ends + i * width * FLOAT_BYTES, 1);
      }
      linear.apply({ kernels, x: ends, out, rows: texts.length, scratch });
    },
  };
  return [step, output];
}
