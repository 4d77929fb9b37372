/** What a linear layer gets that int8 alone serves badly. */
export interface Promotion {
  /**
   * One for each channel of the LayerNorm before the layer, which divides by them while the layer's weights are
   * multiplied: channels that stand out then take less of the activations' 8 bits. Powers of two, so that in fp32 not
   * a bit of the result changes.
   */
  scales?: Float32Array;
  /** Activations in 16 bits: what 8 leave is quantized again and multiplied, too. Costs time, but no bytes. */
  fineActivations?: boolean;
  /** Weights in 16 bits, as two planes of int8. */
  fineWeights?: boolean;
}

/** The kinds of promotion that one may take a step of. */
export type Fine = "fineActivations" | "fineWeights";

/** By the layer's name in the graph, for example `stages.2.blocks.13.fc1`. */
export type Promotions = ReadonlyMap<string, Promotion>;

/**
 * Bytes that each tower may grow by: two shards' worth. Pictures: it may take one more stage, each a Worker of its own
 * (`model-shards/plan-stages.ts`). Texts: at full size the one isolate holds 80 of its 120 MB (`docs/benchmarks/memory.md`).
 */
export const PROMOTION_BYTES = 24_000_000;
