/** Pictures and texts of one request, side by side: neither waits for the other. */
import type { Context } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { GatewayEnv } from "../env.ts";
import type { EmbedContext } from "./embed-context.ts";
import type { ImageReference } from "../schemas/image.ts";
import { embedImages } from "./embed-images.ts";
import { type EmbeddedTexts, embedTexts } from "./embed-texts.ts";

export interface Embedded {
  /** One unit-length vector a picture, in order. */
  images: Float32Array[];
  texts: EmbeddedTexts;
}

export async function embedBoth(
  c: Context<GatewayEnv>,
  manifest: Manifest,
  images: readonly ImageReference[],
  texts: Iterable<string>,
): Promise<Embedded> {
  const context: EmbedContext = {
    env: c.env,
    manifest,
    timings: c.get("timings"),
    wanted: () => !c.req.raw.signal.aborted,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
  const [rows, embedded] = await Promise.all([embedImages(images, context), embedTexts(texts, context)]);
  const width = manifest.embedding_width;
  return {
    images: images.map((_, index) => rows.subarray(index * width, (index + 1) * width)),
    texts: embedded,
  };
}
