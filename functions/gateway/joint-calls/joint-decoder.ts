/** The decoder as the lines of a part see it: their files go into one call, each as soon as it has come. */
import type { DecodedImage, DecoderRpc, WorkerStats } from "../../runtime/rpc.ts";
import { ByteTaker } from "../../runtime/byte-taker.ts";
import { nextFrame } from "../../runtime/file-frames.ts";
import { DecoderCall } from "../embed/decoder-call.ts";
import type { Gathering, Waiting } from "./gathering.ts";

/** A call to the decoder. */
interface Round {
  call: DecoderCall;
  files: number;
  answer: PromiseWithResolvers<DecodedImage[]>;
}

export class JointDecoder implements DecoderRpc, Waiting {
  readonly #decoder: DecoderRpc;
  readonly #gathering: Gathering;
  readonly #requestId: string;
  /** The call that is open, for each size of pictures. */
  readonly #rounds = new Map<number, Round>();
  /** One file is sent at a time. */
  #sending: Promise<unknown> = Promise.resolve();
  /** Files that have begun to come and were not sent. */
  #receiving = 0;

  constructor(decoder: DecoderRpc, gathering: Gathering, requestId: string) {
    this.#decoder = decoder;
    this.#gathering = gathering;
    this.#requestId = requestId;
    gathering.add("decoder", this);
  }

  get isWaiting(): boolean {
    return this.#rounds.size > 0;
  }

  get isReceiving(): boolean {
    return this.#receiving > 0;
  }

  async decode(files: ReadableStream<Uint8Array>, size: number, line: string): Promise<DecodedImage[]> {
    const decoded = await this.#gathering.wait(line, this.#decode(new ByteTaker(files), size));
    this.#gathering.decoded(line);
    return decoded;
  }

  flush(): void {
    const rounds = [...this.#rounds.values()];
    this.#rounds.clear();
    const finish = async (): Promise<void> => {
      for (const { call, answer } of rounds) await call.finish().then(answer.resolve, answer.reject);
    };
    // After the file that is being sent.
    this.#sending = this.#sending.then(finish, finish);
  }

  async stats(): Promise<WorkerStats> {
    return await this.#decoder.stats();
  }

  async #decode(upload: ByteTaker, size: number): Promise<DecodedImage[]> {
    const places: { round: Round; index: number }[] = [];
    for (let length = await nextFrame(upload); length !== undefined; length = await nextFrame(upload)) {
      this.#receiving++;
      try {
        const file = await upload.read(length);
        if (file === undefined) break;
        places.push(await this.#send(file, size));
      } finally {
        this.#receiving--;
        this.#gathering.received();
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

  async #send(file: Uint8Array<ArrayBuffer>, size: number): Promise<{ round: Round; index: number }> {
    const send = async (): Promise<{ round: Round; index: number }> => {
      const round = this.#open(size);
      const index = round.files++;
      await round.call.send({ pieces: [file], bytes: file.byteLength });
      return { round, index };
    };
    const sent = this.#sending.then(send, send);
    this.#sending = sent;
    return await sent;
  }

  #open(size: number): Round {
    const open = this.#rounds.get(size);
    if (open !== undefined) return open;
    const call = new DecoderCall(this.#decoder, size, this.#requestId);
    const round = { call, files: 0, answer: Promise.withResolvers<DecodedImage[]>() };
    // Every line whose files are in it may have failed for another reason.
    round.answer.promise.catch(() => {});
    this.#rounds.set(size, round);
    return round;
  }
}
