/** The envelope of every answer that a model gave: OpenAI's list, with the model's revision and what it took. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { EmbeddedTexts } from "../embed/embed-texts.ts";
import { randomId } from "../http/random-id.ts";

/**
 * @param idPrefix of the answer's id, such as `cls`
 * @param data one object a picture
 */
export function inferenceResponse(
  idPrefix: string,
  manifest: Manifest,
  data: readonly object[],
  { tokens, cachedTokens }: EmbeddedTexts,
): object {
  return {
    id: randomId(idPrefix),
    object: "list",
    created: Math.floor(Date.now() / 1000),
    model: manifest.id,
    revision: manifest.revision,
    data,
    usage: {
      prompt_tokens: tokens,
      total_tokens: tokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
      images: data.length,
      cached_images: 0,
    },
  };
}
