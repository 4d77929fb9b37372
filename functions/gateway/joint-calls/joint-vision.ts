/** An image tower as the lines of a part see it: their pictures go into one call, equal ones once. */
import { byteStream } from "../../runtime/byte-stream.ts";
import type { Embeddings, RpcResult, VisionRpc, WorkerStats } from "../../runtime/rpc.ts";
import { sha256Hex } from "../../runtime/sha256-hex.ts";
import type { Wanted } from "../../runtime/wanted.ts";
import type { Gathering, Waiting } from "./gathering.ts";
import { rowsOf } from "./rows-of.ts";
import { stillWanted } from "./still-wanted.ts";

interface Asked {
  /** uint8 RGB, of one picture each. */
  pictures: Uint8Array<ArrayBuffer>[];
  wanted: Wanted;
  answer: PromiseWithResolvers<RpcResult<Embeddings>>;
}

export class JointVision implements VisionRpc, Waiting {
  readonly #vision: VisionRpc;
  readonly #gathering: Gathering;
  readonly #requestId: string;
  #asked: Asked[] = [];

  constructor(vision: VisionRpc, gathering: Gathering, requestId: string) {
    this.#vision = vision;
    this.#gathering = gathering;
    this.#requestId = requestId;
    gathering.add("image", this);
  }

  get isWaiting(): boolean {
    return this.#asked.length > 0;
  }

  async embedPixels(
    pixels: ReadableStream<Uint8Array>,
    count: number,
    wanted: Wanted,
    line: string,
  ): Promise<RpcResult<Embeddings>> {
    const bytes = await new Response(pixels).bytes();
    this.#gathering.asked(line);
    const each = bytes.length / count;
    const pictures = Array.from({ length: count }, (_, at) => bytes.slice(at * each, (at + 1) * each));
    const answer = Promise.withResolvers<RpcResult<Embeddings>>();
    this.#asked.push({ pictures, wanted, answer });
    return await this.#gathering.wait(line, answer.promise);
  }

  flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#ask(asked).catch((error: unknown) => {
      for (const { answer } of asked) answer.reject(error);
    });
  }

  async showLife(): Promise<void> {
    await stillWanted(this.#asked)();
  }

  async embedTensor(values: Float32Array, height: number, width: number): Promise<RpcResult<Embeddings>> {
    return await this.#vision.embedTensor(values, height, width);
  }

  async wake(requestId: string): Promise<void> {
    await this.#vision.wake(requestId);
  }

  async stats(): Promise<WorkerStats> {
    return await this.#vision.stats();
  }

  async #ask(asked: readonly Asked[]): Promise<void> {
    const distinct = new Map<string, number>();
    const pixels: Uint8Array<ArrayBuffer>[] = [];
    const rows: number[][] = [];
    for (const { pictures } of asked) {
      const of: number[] = [];
      for (const picture of pictures) {
        const hash = await sha256Hex(picture);
        const row = distinct.get(hash) ?? pixels.push(picture) - 1;
        distinct.set(hash, row);
        of.push(row);
      }
      rows.push(of);
    }
    const result = await this.#vision.embedPixels(
      byteStream(pixels),
      pixels.length,
      stillWanted(asked),
      this.#requestId,
      "background",
    );
    for (const [index, { answer }] of asked.entries()) {
      answer.resolve(rowsOf([result], { each: pixels.length, count: pixels.length }, rows[index] ?? []));
    }
  }
}
