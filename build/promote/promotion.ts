/** The promotion of a linear layer that loses too much in int8. */
export interface Promotion {
  /**
   * One for each channel of the LayerNorm before the layer. The LayerNorm divides by it and the layer's weights are
   * multiplied by it, so that large channels use less of the activations' range. Powers of two, so that in fp32 the
   * result does not change by a bit.
   */
  scales?: Float32Array;
  /**
   * Activations in 16 bits: the rounding error of 8 bits is quantized and multiplied as well. Costs time, but no bytes.
   */
  fineActivations?: boolean;
  /** Weights in 16 bits, as two planes of int8. */
  fineWeights?: boolean;
}

/** The promotions that are steps to 16 bits. */
export type Fine = "fineActivations" | "fineWeights";

/** Promotions by the layer's name in the graph, for example `stages.2.blocks.13.fc1`. */
export type Promotions = ReadonlyMap<string, Promotion>;

/**
 * Bytes that each tower may grow by: those of two shards. The image tower may then need one more stage, which is a
 * Worker of its own (`model-shards/plan-stages.ts`). The text tower has one isolate, which at full size holds 80 of its
 * 120 MB (`docs/benchmarks/memory.md`).
 */
export const PROMOTION_BYTES = 24_000_000;
