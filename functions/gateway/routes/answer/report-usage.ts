/** What a request took of the model, noted for the log and the usage records, and told as the API tells it. */
import type { Context } from "hono";
import type { Usage } from "../../embed/usage.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";

/** @returns OpenAI's fields and those for images */
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
