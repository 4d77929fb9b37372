/** `usage` of an inference response. */
import type { EmbeddedTexts } from "../embed/embed-texts.ts";

export function usage({ tokens, cachedTokens }: EmbeddedTexts, images: number): object {
  return {
    prompt_tokens: tokens,
    total_tokens: tokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    images,
    cached_images: 0,
  };
}
