/** What a request took of the model. */
export interface Usage {
  images: number;
  /** Images whose embedding was cached. */
  cachedImages: number;
  tokens: number;
  /** Tokens of texts whose embedding was cached. */
  cachedTokens: number;
}

/** As the API reports it: OpenAI's fields and those for images. */
export function describeUsage({ images, cachedImages, tokens, cachedTokens }: Usage): object {
  return {
    prompt_tokens: tokens,
    total_tokens: tokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    images,
    cached_images: cachedImages,
  };
}
