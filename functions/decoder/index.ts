/**
 * The decoder Worker: picture files → uint8 RGB at the model's size. Files arrive as one byte stream and are
 * decoded one at a time, so that only one is ever in memory.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { ServiceError } from "../runtime/errors.ts";
import { ByteReader } from "../runtime/byte-reader.ts";
import type { DecodedImage, DecoderRpc, WorkerStats } from "../runtime/rpc.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import { decodeImage } from "./decode-image.ts";
import { codecMemoryBytes } from "./magick.ts";

let pictures = 0;

export default class Decoder extends WorkerEntrypoint implements DecoderRpc {
  async decode(images: ReadableStream<Uint8Array>, lengths: number[], size: number): Promise<DecodedImage[]> {
    const files = new ByteReader(images);
    const results: DecodedImage[] = [];
    for (const length of lengths) {
      const bytes = await files.read(length);
      pictures++;
      results.push(
        await rpcResult("decoder", async () => {
          if (bytes === undefined) throw new ServiceError("invalid_image", "the upload ended early");
          return { pixels: await decodeImage(bytes, size) };
        }),
      );
    }
    return results;
  }

  async stats(): Promise<WorkerStats> {
    return { wasmBytes: codecMemoryBytes(), runs: pictures };
  }
}
