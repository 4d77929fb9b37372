/** Image references → unit-length image embeddings: one call to the decoder, one to the vision Worker. */
import type { EmbedContext } from "./embed-context.ts";
import { byteStream } from "../../runtime/byte-stream.ts";
import { imageBytes } from "../images/image-bytes.ts";
import type { ImageReference } from "../schemas/image.ts";
import { callWorker, checkRevision, unwrap } from "./unwrap.ts";

/**
 * @returns float32, `images.length × embedding width`
 * @throws ServiceError naming the picture that is bad, or `model_unavailable`
 */
export async function embedImages(
  images: readonly ImageReference[],
  { env, manifest, timings, wanted }: EmbedContext,
): Promise<Float32Array> {
  const files = await Promise.all(images.map((image, index) => imageBytes(image, `images[${index}]`)));
  const size = manifest.image.size;
  const lengths = files.map((file) => file.byteLength);
  const decoded = await timings.measure("decode", () =>
    callWorker("decoder", () => env.DECODER.decode(byteStream(files), lengths, size)),
  );
  const pixels = decoded.map((result, index) => unwrap(result, `images[${index}]`).pixels);
  const result = await timings.measure("image", () =>
    callWorker("image tower", () => env.VISION.embedPixels(byteStream(pixels), images.length, wanted)),
  );
  return checkRevision(unwrap(result), manifest.revision);
}
