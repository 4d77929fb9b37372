/** The decoder as the lines of a part see it: their files go into one call, each as soon as it has come. */
import type { DecodedImage, DecoderRpc, WorkerStats } from "../../runtime/rpc.ts";
import { ByteReader } from "../../runtime/bytes/byte-reader.ts";
import { writeDecoded } from "../../runtime/bytes/decoded-frames.ts";
import { nextFrame } from "../../runtime/bytes/file-frames.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { DecoderCall } from "../embed/decoder-call.ts";
import type { CallCoalescer, Waiting } from "./call-coalescer.ts";

/** Files of a call. */
const MAX_FILES = 64;
const FILLER_BYTES = 65_536;

/** A call to the decoder. */
interface Round {
  call: DecoderCall;
  files: number;
  answer: PromiseWithResolvers<DecodedImage[]>;
}

export class CoalescedDecoder implements DecoderRpc, Waiting {
  readonly #decoder: DecoderRpc;
  readonly #coalescer: CallCoalescer;
  readonly #requestId: string;
  /** The call that is open, for each size of pictures. */
  readonly #rounds = new Map<number, Round>();
  /** One file is sent at a time. The others stay where they are, in the room that their lines hold for them. */
  #sending: Promise<unknown> = Promise.resolve();
  /** Files that have begun to come and were not sent. */
  #receiving = 0;

  constructor(decoder: DecoderRpc, coalescer: CallCoalescer, requestId: string) {
    this.#decoder = decoder;
    this.#coalescer = coalescer;
    this.#requestId = requestId;
    coalescer.add("decoder", this);
  }

  get isWaiting(): boolean {
    return this.#rounds.size > 0;
  }

  get isReceiving(): boolean {
    return this.#receiving > 0;
  }

  async decode(
    files: ReadableStream<Uint8Array>,
    size: number,
    results: WritableStream<Uint8Array>,
    line: string,
  ): Promise<void> {
    const writer = results.getWriter();
    writer.closed.catch(() => {});
    try {
      const decoded = await this.#coalescer.wait(line, this.#decode(new ByteReader(files, "wanted"), size));
      this.#coalescer.decoded(line);
      for (const each of decoded) {
        await writeDecoded(writer, each);
        if (each.ok) freeBuffer(each.value.pixels);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
  }

  flush(): void {
    const rounds = [...this.#rounds.values()];
    this.#rounds.clear();
    const finish = async (): Promise<void> => {
      for (const round of rounds) await finishRound(round);
    };
    // After the file that is being sent.
    this.#sending = this.#sending.then(finish, finish);
  }

  async stats(): Promise<WorkerStats> {
    return await this.#decoder.stats();
  }

  async #decode(upload: ByteReader, size: number): Promise<DecodedImage[]> {
    const places: { round: Round; index: number }[] = [];
    for (let length = await nextFrame(upload); length !== undefined; length = await nextFrame(upload)) {
      this.#receiving++;
      try {
        places.push(await this.#send(upload, length, size));
      } finally {
        this.#receiving--;
        this.#coalescer.received();
      }
    }
    const results: DecodedImage[] = [];
    for (const { round, index } of places) {
      const result = (await round.answer.promise)[index];
      if (result === undefined) throw new Error("the decoder did not answer for a file");
      results.push(result);
    }
    return results;
  }

  async #send(upload: ByteReader, length: number, size: number): Promise<{ round: Round; index: number }> {
    const send = async (): Promise<{ round: Round; index: number }> => {
      const round = this.#open(size);
      const index = round.files++;
      await round.call.send({ pieces: wholeFile(upload, length), bytes: length });
      return { round, index };
    };
    const sent = this.#sending.then(send, send);
    this.#sending = sent;
    return await sent;
  }

  #open(size: number): Round {
    const open = this.#rounds.get(size);
    if (open !== undefined && open.files < MAX_FILES) return open;
    if (open !== undefined) void finishRound(open);
    const call = new DecoderCall(this.#decoder, size, this.#requestId, { priority: "background" });
    const round = { call, files: 0, answer: Promise.withResolvers<DecodedImage[]>() };
    // Every line whose files are in it may have failed for another reason.
    round.answer.promise.catch(() => {});
    this.#rounds.set(size, round);
    return round;
  }
}

/** Never rejects. */
async function finishRound({ call, answer }: Round): Promise<void> {
  await call.finish().then(answer.resolve, answer.reject);
}

/** As many bytes as were announced, even if the line ends meanwhile: the next line's file begins after them. */
async function* wholeFile(upload: ByteReader, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let left = length;
  try {
    for await (const piece of upload.pieces(length)) {
      left -= piece.length;
      yield piece;
    }
  } catch {
    // Nobody waits for what becomes of its picture.
  }
  while (left > 0) {
    const filler = new Uint8Array(Math.min(left, FILLER_BYTES));
    left -= filler.length;
    yield filler;
  }
}
