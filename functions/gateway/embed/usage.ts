/** The work that a request caused for the model. */
export interface Usage {
  images: number;
  /** Images whose embedding was cached. */
  cachedImages: number;
  tokens: number;
  /** Tokens of texts whose embedding was cached. */
  cachedTokens: number;
}
