/**
 * One call to the decoder for all pictures of a request. Each picture is sent as soon as it is available, and received
 * as soon as it is decoded, because the decoder keeps none.
 */
import { ByteReader } from "../../runtime/bytes/byte-reader.ts";
import { readDecoded } from "../../runtime/bytes/decoded-frames.ts";
import { frameHeader } from "../../runtime/bytes/file-frames.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { withHeartbeat } from "../../runtime/sharing/heartbeat.ts";
import type { DecodedImage, DecoderRpc, Priority } from "../../runtime/rpc.ts";
import { callWorker } from "../../embed/call-worker.ts";

/** A file whose pieces may still come. */
interface SentFile {
  pieces: Iterable<Uint8Array<ArrayBuffer>> | AsyncIterable<Uint8Array<ArrayBuffer>>;
  bytes: number;
}

export interface DecoderCallOptions {
  priority?: Priority | undefined;
  /** True if the call joins those of others, which may wait long for their turn. They have deadlines of their own. */
  isCoalesced?: boolean;
}

export class DecoderCall {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** The outcome as a value, not a rejection: it may come before any code awaits it. */
  readonly #answer: Promise<DecodedImage[] | { error: unknown }>;
  readonly #received: DecodedImage[] = [];
  readonly #isCoalesced: boolean;
  #isDropped = false;

  /** @param size side of the square output, pixels */
  constructor(
    decoder: DecoderRpc,
    size: number,
    requestId: string,
    { priority, isCoalesced = false }: DecoderCallOptions = {},
  ) {
    this.#isCoalesced = isCoalesced;
    const [files, results] = [new IdentityTransformStream(), new IdentityTransformStream()];
    this.#writer = files.writable.getWriter();
    const call = decoder.decode(files.readable, size, results.writable, requestId, priority);
    this.#answer = Promise.all([call, this.#receive(results.readable)]).then(
      () => this.#received,
      (error: unknown) => ({ error }),
    );
  }

  /**
   * Sends a file and frees its memory piece by piece.
   * @throws ServiceError `model_unavailable` if the decoder accepts no data; it may have to serve many other clients
   * first
   */
  async send({ pieces, bytes }: SentFile): Promise<void> {
    await this.#write(frameHeader(bytes));
    for await (const piece of pieces) {
      await this.#write(piece);
      if (piece.byteLength === piece.buffer.byteLength) freeBuffer(piece);
    }
  }

  /**
   * @returns one result for each file, in order
   * @throws ServiceError `model_unavailable`
   */
  async finish(): Promise<DecodedImage[]> {
    return await this.#awaited(async () => {
      this.#writer.close().catch(() => {});
      const answer = await this.#answer;
      if ("error" in answer) throw answer.error;
      return answer;
    });
  }

  /** Ends a call whose answer is not needed. */
  abandon(): void {
    this.drop();
    this.#writer.close().catch(() => {});
  }

  /** Frees the pictures that have been received and those that still come. */
  drop(): void {
    this.#isDropped = true;
    for (const decoded of this.#received) freePixels(decoded);
  }

  async #receive(results: ReadableStream<Uint8Array>): Promise<void> {
    const stream = new ByteReader(results, "wanted");
    for (let next = await readDecoded(stream); next !== undefined; next = await readDecoded(stream)) {
      if (this.#isDropped) freePixels(next);
      this.#received.push(next);
    }
  }

  /** A decoder that stops reading has failed; its answer gives the reason. */
  async #write(piece: Uint8Array): Promise<void> {
    const written = this.#writer.write(piece).catch(() => {});
    await this.#awaited(() => Promise.race([written, this.#answer.then(() => {})]));
  }

  async #awaited<T>(step: () => Promise<T>): Promise<T> {
    return await callWorker("decoder", (alive) => (this.#isCoalesced ? withHeartbeat(alive, step) : step()));
  }
}

function freePixels(decoded: DecodedImage): void {
  if (decoded.ok) freeBuffer(decoded.value.pixels);
}
