import type { Kernels, Pointer } from "./kernels.ts";
import type { NodeCursor } from "./node-cursor.ts";
import type { ShardWeights } from "./shard-weights.ts";

/** Normalizes rows; `target` may be `source`. */
export type LayerNorm = (kernels: Kernels, source: Pointer, target: Pointer, rows: number) => void;

/**
 * Takes the LayerNorm of `x` over its last axis from the graph.
 * @returns the function that applies it, its width, its output's name
 */
export function takeLayerNorm(
  cursor: NodeCursor,
  weights: ShardWeights,
  x: string,
): { norm: LayerNorm; width: number; output: string } {
  const { inputs, outputs, attributes } = cursor.take("LayerNormalization", x);
  const [width = 0] = weights.ref(inputs[1]).shape;
  const weight = weights.floats(inputs[1], width);
  const bias = weights.floats(inputs[2], width);
  const [epsilon = 0] = attributes.get("epsilon") ?? [];
  const norm: LayerNorm = (kernels, source, target, rows) =>
    kernels.layerNorm(source, target, weight, bias, rows, width, epsilon);
  return { norm, width, output: outputs[0] ?? "" };
}
