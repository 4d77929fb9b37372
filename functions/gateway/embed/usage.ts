/** What a request cost in work of the model. */
export interface Usage {
  images: number;
  /** Images whose embedding was cached. */
  cachedImages: number;
  tokens: number;
  /** Tokens of texts whose embedding was cached. */
  cachedTokens: number;
}
