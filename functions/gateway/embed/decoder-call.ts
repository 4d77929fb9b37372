/** One call to the decoder for all pictures of a request, each sent as soon as it is there. */
import { frameHeader } from "../../runtime/file-frames.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import type { DecodedImage, DecoderRpc } from "../../runtime/rpc.ts";
import type { ImageFile } from "../images/image-file.ts";
import { callWorker } from "./unwrap.ts";

export class DecoderCall {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answer: Promise<DecodedImage[]>;

  /** @param size side of the square output, pixels */
  constructor(decoder: DecoderRpc, size: number) {
    const { readable, writable } = new IdentityTransformStream();
    this.#writer = writable.getWriter();
    this.#answer = callWorker("decoder", () => decoder.decode(readable, size));
    // Whoever finishes the call is told.
    this.#answer.catch(() => {});
  }

  /** Sends a file, whose memory is given back as it goes. */
  async send({ pieces, bytes }: ImageFile): Promise<void> {
    try {
      await this.#writer.write(frameHeader(bytes));
      for (const piece of pieces) {
        await this.#writer.write(piece);
        if (piece.byteLength === piece.buffer.byteLength) freeBuffer(piece);
      }
    } catch {
      // A stream that the decoder no longer reads means that it gave up: its answer says why.
    }
  }

  /**
   * @returns one result a file, in order
   * @throws ServiceError `model_unavailable`
   */
  async finish(): Promise<DecodedImage[]> {
    await this.#writer.close().catch(() => {});
    return await this.#answer;
  }

  /** Ends a call whose answer nobody needs. */
  abandon(): void {
    this.#writer.close().catch(() => {});
  }
}
