/** Records a request's usage of the model for logs and usage records, and formats it for the answer. */
import type { Context } from "hono";
import type { Usage } from "../../embed/usage.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";

/** @returns OpenAI's fields, and fields for images */
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
