/** One call to the decoder for all pictures of a request. Each picture is sent as soon as it is available. */
import { frameHeader } from "../../runtime/file-frames.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import type { DecodedImage, DecoderRpc } from "../../runtime/rpc.ts";
import type { ImageFile } from "../images/image-file.ts";
import { callWorker } from "../../embed/call-worker.ts";

export class DecoderCall {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** The outcome as a value, not a rejection: it may come before any code awaits it. */
  readonly #answer: Promise<DecodedImage[] | { error: unknown }>;

  /** @param size side of the square output, pixels */
  constructor(decoder: DecoderRpc, size: number, requestId: string) {
    const { readable, writable } = new IdentityTransformStream();
    this.#writer = writable.getWriter();
    this.#answer = decoder.decode(readable, size, requestId).catch((error: unknown) => ({ error }));
  }

  /**
   * Sends a file and frees its memory piece by piece.
   * @throws ServiceError `model_unavailable` if the decoder accepts no data; it may have to serve many other clients
   * first
   */
  async send({ pieces, bytes }: ImageFile): Promise<void> {
    await this.#write(frameHeader(bytes));
    for (const piece of pieces) {
      await this.#write(piece);
      if (piece.byteLength === piece.buffer.byteLength) freeBuffer(piece);
    }
  }

  /**
   * @returns one result for each file, in order
   * @throws ServiceError `model_unavailable`
   */
  async finish(): Promise<DecodedImage[]> {
    return await callWorker("decoder", async () => {
      this.#writer.close().catch(() => {});
      const answer = await this.#answer;
      if ("error" in answer) throw answer.error;
      return answer;
    });
  }

  /** Ends a call whose answer is not needed. */
  abandon(): void {
    this.#writer.close().catch(() => {});
  }

  /** A decoder that stops reading has failed; its answer gives the reason. */
  async #write(piece: Uint8Array): Promise<void> {
    const written = this.#writer.write(piece).catch(() => {});
    await callWorker("decoder", () => Promise.race([written, this.#answer.then(() => {})]));
  }
}
