/** An image tower as the lines of a part see it: their pictures go into one call, equal ones once. */
import { byteStream } from "../../runtime/bytes/byte-stream.ts";
import type { Embeddings, RpcResult, VisionRpc, WorkerStats } from "../../runtime/rpc.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import type { Wanted } from "../../runtime/sharing/wanted.ts";
import type { CallCoalescer, Waiting } from "./call-coalescer.ts";
import { rowsOf } from "./rows-of.ts";
import { anyWanted } from "../../runtime/sharing/wanted.ts";

interface Asked {
  /** Indices of its pictures among those of the call. */
  rows: number[];
  wanted: Wanted;
  answer: PromiseWithResolvers<RpcResult<Embeddings>>;
}

/** A call that is being brought together. */
class Round {
  readonly asked: Asked[] = [];
  /** uint8 RGB, of one picture each. */
  readonly pictures: Uint8Array<ArrayBuffer>[] = [];
  readonly #rows = new Map<string, number>();

  /** Keeps a picture that it does not have. @param hash of the pixels @returns its row */
  rowOf(hash: string, picture: Uint8Array): number {
    const row = this.#rows.get(hash) ?? this.pictures.push(picture.slice()) - 1;
    this.#rows.set(hash, row);
    return row;
  }
}

export class CoalescedVision implements VisionRpc, Waiting {
  readonly #vision: VisionRpc;
  readonly #coalescer: CallCoalescer;
  readonly #requestId: string;
  #round = new Round();
  /** Pixels of one line are taken at a time. Those of the others stay with their lines, which may have the same. */
  #taking: Promise<unknown> = Promise.resolve();

  constructor(vision: VisionRpc, coalescer: CallCoalescer, requestId: string) {
    this.#vision = vision;
    this.#coalescer = coalescer;
    this.#requestId = requestId;
    coalescer.add("image", this);
  }

  get isWaiting(): boolean {
    return this.#round.asked.length > 0;
  }

  async embedPixels(
    pixels: ReadableStream<Uint8Array>,
    count: number,
    wanted: Wanted,
    line: string,
  ): Promise<RpcResult<Embeddings>> {
    const take = (): Promise<Asked> => this.#take(pixels, count, wanted);
    const taken = this.#taking.then(take, take);
    this.#taking = taken;
    const { answer } = await taken;
    this.#coalescer.asked(line);
    return await this.#coalescer.wait(line, answer.promise);
  }

  flush(): void {
    const round = this.#round;
    this.#round = new Round();
    this.#ask(round).catch((error: unknown) => {
      for (const { answer } of round.asked) answer.reject(error);
    });
  }

  async showLife(): Promise<void> {
    await anyWanted(this.#round.asked)();
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

  /** Adds a line's pictures to the call. Equal pictures of all lines are kept once. */
  async #take(pixels: ReadableStream<Uint8Array>, count: number, wanted: Wanted): Promise<Asked> {
    const bytes = await new Response(pixels).bytes();
    const each = bytes.length / count;
    const pictures = Array.from({ length: count }, (_, at) => bytes.subarray(at * each, (at + 1) * each));
    const hashes: string[] = [];
    for (const picture of pictures) hashes.push(await sha256Hex(picture));
    // From here on at once, because the call may go while something is awaited.
    const round = this.#round;
    const rows = pictures.map((picture, index) => round.rowOf(hashes[index]!, picture));
    const asked = { rows, wanted, answer: Promise.withResolvers<RpcResult<Embeddings>>() };
    round.asked.push(asked);
    return asked;
  }

  async #ask({ asked, pictures }: Round): Promise<void> {
    const count = pictures.length;
    const result = await this.#vision.embedPixels(
      byteStream(pictures),
      count,
      anyWanted(asked),
      this.#requestId,
      "background",
    );
    for (const { rows, answer } of asked) answer.resolve(rowsOf([result], { each: count, count }, rows));
  }
}
