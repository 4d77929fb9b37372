/**
 * What both towers are made of: linear layers in the chosen precision, LayerNorm, GELU. Keeps the record of
 * quantization errors that the build reports.
 */
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import { quantizeLinear } from "../quantize/quantize-linear.ts";
import { transpose } from "../quantize/transpose.ts";

export type Precision = "int8" | "fp32";

/** A linear layer as PyTorch keeps it. */
export interface LinearWeights {
  /** float32, `output × input`, row-major. */
  weight: Float32Array;
  bias?: Float32Array;
  output: number;
  input: number;
}

/** Root-mean-square rounding error of one quantized tensor, relative to the tensor. */
export interface QuantizationError {
  tensor: string;
  relativeError: number;
}

/** Applies a layer to the value `x` in a node called `node`, and returns its output's name. */
export type ApplyLayer = (node: string, x: string) => string;

export class Emitter {
  readonly precision: Precision;
  readonly errors: QuantizationError[] = [];

  constructor(precision: Precision) {
    this.precision = precision;
  }

  /** `x @ weightᵀ + bias` over the last axis. int8: weights per channel, activations quantized as they come. */
  linear(graph: GraphBuilder, name: string, x: string, layer: LinearWeights): string {
    return this.linearLayer(graph, name, layer)(name, x);
  }

  /** Stores a linear layer's weights once; the result adds a node that applies them. */
  linearLayer(graph: GraphBuilder, name: string, layer: LinearWeights): ApplyLayer {
    const { output, input } = layer;
    const bias = layer.bias && graph.weight(`${name}.bias`, layer.bias, [output]);
    if (this.precision === "int8") {
      const { values, scales, relativeError } = quantizeLinear(layer.weight, output, input);
      this.errors.push({ tensor: `${name}.weight`, relativeError });
      const weight = graph.weight(`${name}.weight`, values, [input, output]);
      const scale = graph.weight(`${name}.scale`, scales, [output]);
      const parameters = [weight, scale, "", ...(bias ? [bias] : [])];
      return (node, x) => graph.contrib("DynamicQuantizeMatMul", node, [x, ...parameters]);
    }
    const weight = graph.weight(`${name}.weight`, transpose(layer.weight, output, input), [input, output]);
    if (!bias) return (node, x) => graph.node("MatMul", node, [x, weight]);
    return (node, x) => graph.node("Add", node, [graph.node("MatMul", `${node}.product`, [x, weight]), bias]);
  }

  layerNorm(
    graph: GraphBuilder,
    name: string,
    x: string,
    weight: Float32Array,
    bias: Float32Array,
    epsilon: number,
  ): string {
    const scale = graph.weight(`${name}.weight`, weight, [weight.length]);
    const shift = graph.weight(`${name}.bias`, bias, [bias.length]);
    return graph.node("LayerNormalization", name, [x, scale, shift], {
      axis: -1,
      epsilon: { float: epsilon },
    });
  }

  /**
   * GELU. The models were trained with the exact form (erf); int8 uses the tanh form, whose difference (at most
   * 5e-4 in one activation) drowns in the quantization step and which takes half the time. fp32 stays exact.
   */
  gelu(graph: GraphBuilder, name: string, x: string): string {
    return graph.contrib(this.precision === "int8" ? "FastGelu" : "Gelu", name, [x]);
  }
}
