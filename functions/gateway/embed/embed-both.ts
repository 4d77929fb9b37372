/** Pictures and texts of one request, side by side: neither waits for the other. */
import type { Context } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { GatewayEnv } from "../env.ts";
import type { ImageReference } from "../schemas/image.ts";
import { type EmbeddedImages, embedImages } from "./embed-images.ts";
import { type EmbeddedTexts, embedTexts } from "./embed-texts.ts";
import { requestPictures } from "./request-pictures.ts";

export async function embedBoth(
  c: Context<GatewayEnv>,
  manifest: Manifest,
  images: readonly ImageReference[],
  texts: Iterable<string>,
): Promise<{ images: EmbeddedImages; texts: EmbeddedTexts }> {
  const pictures = requestPictures(c, manifest);
  const [embeddedImages, embeddedTexts] = await Promise.all([
    embedImages(images, pictures),
    embedTexts(texts, pictures.context),
  ]);
  return { images: embeddedImages, texts: embeddedTexts };
}
