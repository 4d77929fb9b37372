/** Image references → unit-length image embeddings: one call to the decoder, one to the vision Worker. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { Bindings } from "../env.ts";
import type { Timings } from "../http/timings.ts";
import { imageBytes } from "../images/image-bytes.ts";
import type { ImageReference } from "../schemas/image.ts";
import { callWorker, checkRevision, unwrap } from "./unwrap.ts";

/**
 * @returns float32, `images.length × embedding width`
 * @throws ServiceError naming the picture that is bad, or `model_unavailable`
 */
export async function embedImages(
  images: readonly ImageReference[],
  { env, manifest, timings }: { env: Bindings; manifest: Manifest; timings: Timings },
): Promise<Float32Array> {
  const files = await Promise.all(images.map((image, index) => imageBytes(image, `images[${index}]`)));
  const size = manifest.image.size;
  const lengths = files.map((file) => file.byteLength);
  const decoded = await timings.measure("decode", () =>
    callWorker("decoder", () => env.DECODER.decode(byteStream(files), lengths, size)),
  );
  const pictureBytes = 3 * size * size;
  const pixels = new Uint8Array(images.length * pictureBytes);
  for (const [index, result] of decoded.entries()) {
    pixels.set(unwrap(result, `images[${index}]`).pixels, index * pictureBytes);
  }
  const result = await timings.measure("image", () =>
    callWorker("image tower", () => env.VISION.embedPixels(pixels, images.length)),
  );
  return checkRevision(unwrap(result), manifest.revision);
}

/** The files one after the other. A stream, since together they may exceed what one RPC message holds. */
function byteStream(files: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  const left = files.values();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { value: file } = left.next();
      if (file === undefined) controller.close();
      else controller.enqueue(file);
    },
  });
}
