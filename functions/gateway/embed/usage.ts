/** What a request took of the model. */
import type { Context } from "hono";
import type { GatewayEnv } from "../env.ts";

export interface Usage {
  images: number;
  /** Images whose embedding was cached. */
  cachedImages: number;
  tokens: number;
  /** Tokens of texts whose embedding was cached. */
  cachedTokens: number;
}

/** Notes what the request took, and describes it as the API does: OpenAI's fields and those for images. */
export function reportUsage(c: Context<GatewayEnv>, usage: Usage): object {
  const { images, cachedImages, tokens, cachedTokens } = usage;
  c.set("usage", usage);
  return {
    prompt_tokens: tokens,
    total_tokens: tokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    images,
    cached_images: cachedImages,
  };
}
