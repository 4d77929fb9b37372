/** The `meta` of Cohere's answers, without which some of its clients refuse them. Nobody is billed by it. */
import type { Usage } from "../../embed/usage.ts";

/** Version of Cohere's API, as in the path. */
export type CohereVersion = "1" | "2";

export function cohereMeta(version: CohereVersion, { images, tokens, cachedTokens }: Usage): object {
  return {
    api_version: { version },
    billed_units: { input_tokens: tokens, images },
    tokens: { input_tokens: tokens, output_tokens: 0 },
    cached_tokens: cachedTokens,
  };
}
