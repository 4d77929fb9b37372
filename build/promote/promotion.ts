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
 * Bytes that a tower may grow by. Pictures: two shards' worth, which may cost one more stage, each a Worker of its own
 * (`model-shards/plan-stages.ts`). Texts: the tower has one isolate, whose 120 MB must also hold long texts.
 */
export const PROMOTION_BYTES = { image: 24_000_000, text: 8_000_000 } as const;
