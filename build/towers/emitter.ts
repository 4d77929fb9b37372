/**
 * Emits the layers of both towers: linear layers in the chosen precision, LayerNorm, GELU. Layers that lose too much in
 * int8 have a promotion (see `build/promote/`). Records the quantization errors that the build reports.
 */
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import { type QuantizedLinear, quantizeLinear, roundingError } from "../quantize/quantize-linear.ts";
import { transpose } from "../quantize/transpose.ts";
import { scaleColumns, unscale } from "../promote/fold.ts";
import type { Promotion, Promotions } from "../promote/promotion.ts";

export type Precision = "int8" | "fp32";

/** A linear layer, stored as in PyTorch. */
export interface LinearWeights {
  /** float32, `output × input`, row-major. */
  weight: Float32Array;
  bias?: Float32Array;
  output: number;
  input: number;
}

/** A LayerNorm: float32, one value a channel. */
export interface NormWeights {
  weight: Float32Array;
  bias: Float32Array;
  epsilon: number;
}

/** Root-mean-square rounding error of one quantized tensor, relative to the tensor. */
export interface QuantizationError {
  tensor: string;
  relativeError: number;
}

/** A linear layer that was emitted. */
export interface EmittedLinear extends LinearWeights {
  /** Its name in the graph, for example `stages.2.blocks.13.fc1`. */
  name: string;
  /** Name of the LayerNorm whose output only this layer uses. */
  norm: string | undefined;
}

/** Applies a layer to the value `x` in a node called `node`, and returns its output's name. */
export type ApplyLayer = (node: string, x: string) => string;

export class Emitter {
  readonly precision: Precision;
  readonly errors: QuantizationError[] = [];
  readonly #promotions: Promotions;
  readonly #onLinear: (linear: EmittedLinear) => void;
  /** Linear layer → the LayerNorm before it. */
  readonly #norms = new Map<string, string>();

  /** @param onLinear called for every linear layer, before it is scaled or quantized */
  constructor(
    precision: Precision,
    promotions: Promotions = new Map(),
    onLinear: (linear: EmittedLinear) => void = () => {},
  ) {
    this.precision = precision;
    this.#promotions = promotions;
    this.#onLinear = onLinear;
  }

  /**
   * `x @ weightᵀ + bias` over the last axis. int8: weights have a scale per channel, activations are quantized at run
   * time.
   */
  linear(graph: GraphBuilder, name: string, x: string, layer: LinearWeights): string {
    return this.linearLayer(graph, name, layer)(name, x);
  }

  /** Stores a linear layer's weights once. @returns a function that adds a node that applies them */
  linearLayer(graph: GraphBuilder, name: string, layer: LinearWeights): ApplyLayer {
    const { output, input } = layer;
    const bias = layer.bias && graph.weight(`${name}.bias`, layer.bias, [output]);
    const promotion = this.#promotions.get(name) ?? {};
    const folded =
      promotion.scales === undefined ? layer.weight : scaleColumns(layer.weight, promotion.scales, input);
    this.#onLinear({ ...layer, name, norm: this.#norms.get(name) });
    if (this.precision === "int8") {
      return this.#quantized(graph, name, { ...layer, weight: folded }, bias, promotion);
    }
    const weight = graph.weight(`${name}.weight`, transpose(folded, output, input), [input, output]);
    if (!bias) return (node, x) => graph.node("MatMul", node, [x, weight]);
    return (node, x) => graph.node("Add", node, [graph.node("MatMul", `${node}.product`, [x, weight]), bias]);
  }

  #quantized(
    graph: GraphBuilder,
    name: string,
    { weight, output, input }: LinearWeights,
    bias: string | undefined,
    { fineActivations = false, fineWeights = false }: Promotion,
  ): ApplyLayer {
    const plane = (suffix: string, quantized: QuantizedLinear): string[] => [
      graph.weight(`${name}.weight${suffix}`, quantized.values, [input, output]),
      graph.weight(`${name}.scale${suffix}`, quantized.scales, [output]),
    ];
    const first = quantizeLinear(weight, output, input);
    const coarse = plane("", first);
    const rest = fineWeights
      ? quantizeLinear(roundingError(weight, first, output, input), output, input)
      : undefined;
    const fine = rest && plane(".rest", rest);
    this.errors.push({
      tensor: `${name}.weight`,
      relativeError: first.relativeError * (rest?.relativeError ?? 1),
    });
    const biases = ["", ...(bias === undefined ? [] : [bias])];
    if (!fineActivations && fine === undefined) {
      return (node, x) => graph.contrib("DynamicQuantizeMatMul", node, [x, ...coarse, ...biases]);
    }
    return (node, x) => {
      const product = (part: string, of: string, by: string[]): string =>
        graph.contrib("DynamicQuantizeMatMul", `${node}.${part}`, [of, ...by]);
      const sum = [product("coarse", x, [...coarse, ...biases])];
      if (fineActivations) sum.push(product("fine", residue(graph, node, x), coarse));
      if (fine !== undefined) sum.push(product("rest", x, fine));
      return graph.node("Sum", node, sum);
    };
  }

  /**
   * @param into the linear layer, emitted later, that is the only one to use the result; undefined if there are several
   */
  layerNorm(graph: GraphBuilder, name: string, x: string, norm: NormWeights, into?: string): string {
    const { weight, bias, epsilon } = norm;
    if (into !== undefined) this.#norms.set(into, name);
    const fold = into === undefined ? undefined : this.#promotions.get(into)?.scales;
    const scale = graph.weight(`${name}.weight`, unscale(weight, fold), [weight.length]);
    const shift = graph.weight(`${name}.bias`, unscale(bias, fold), [bias.length]);
    return graph.node("LayerNormalization", name, [x, scale, shift], {
      axis: -1,
      epsilon: { float: epsilon },
    });
  }

  /**
   * GELU. The models were trained with the exact form (erf), which fp32 uses. int8 uses the tanh form, which takes half
   * the time; its difference (at most 5e-4 in an activation) is much smaller than a quantization step.
   */
  gelu(graph: GraphBuilder, name: string, x: string): string {
    return graph.contrib(this.precision === "int8" ? "FastGelu" : "Gelu", name, [x]);
  }
}

/** The rounding error of 8-bit activations. Quantized as well, it has the next 8 bits. */
function residue(graph: GraphBuilder, node: string, x: string): string {
  const quantized = ["levels", "step", "zero"].map((part) => `${node}.${part}`);
  graph.nodes("DynamicQuantizeLinear", `${node}.quantize`, [x], quantized);
  return graph.node("Sub", `${node}.residue`, [
    x,
    graph.node("DequantizeLinear", `${node}.rounded`, quantized),
  ]);
}
