/**
 * The decoder Worker: picture files → uint8 RGB at the model's size. Files arrive as one byte stream and are decoded
 * one at a time, so only one is ever in memory. Each result is passed on before the next file is read.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { DecodedImage, DecoderRpc, Priority, WorkerStats } from "../runtime/rpc.ts";
import { thisIsolate } from "../runtime/isolate.ts";
import { Admission, type Size } from "../runtime/sharing/admission.ts";
import { logCall } from "../runtime/log-call.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import { ByteReader } from "../runtime/bytes/byte-reader.ts";
import { withDeadline } from "../runtime/deadline.ts";
import { writeDecoded } from "../runtime/bytes/decoded-frames.ts";
import { nextFrame } from "../runtime/bytes/file-frames.ts";
import { DecoderQueue } from "./decoder-queue.ts";
import { decodeImage } from "./decode-image.ts";
import { codecMemoryBytes } from "./codec-memory.ts";
import { OutOfMemory } from "./formats/pixel-limits.ts";
import { renewMagick, soundMagick } from "./magick/magick.ts";
import { receiveFile } from "./receive-file.ts";
import { type HeldResult, READING_MS, ResultRoom } from "./result-room.ts";

/** Pictures of each size that wait for their turn: at a fifth of a second a picture, some ten seconds. */
const MAX_WAITING = 32;

const queue = new DecoderQueue();
const admission = new Admission(MAX_WAITING, { name: "decoder" });
const room = new ResultRoom();
let pictures = 0;

export default class Decoder extends WorkerEntrypoint implements DecoderRpc {
  async decode(
    files: ReadableStream<Uint8Array>,
    size: number,
    results: WritableStream<Uint8Array>,
    requestId: string,
    priority: Priority = "interactive",
  ): Promise<void> {
    const call = new Call(files, size, requestId, priority);
    const writer = results.getWriter();
    writer.closed.catch(() => {});
    try {
      for (let length = await call.next(); length !== undefined; length = await call.next()) {
        await call.answer(length, writer);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
    logCall("decoder", requestId, { pictures: call.answered });
  }

  async stats(): Promise<WorkerStats> {
    return { wasmBytes: codecMemoryBytes(), runs: pictures, isolate: thisIsolate() };
  }
}

interface FileState {
  isRead: boolean;
  held?: HeldResult;
}

class Call {
  readonly #upload: ByteReader;
  readonly #size: number;
  readonly #requestId: string;
  readonly #priority: Priority;
  answered = 0;
  /** Set once too many pictures waited. */
  #refusal: DecodedImage | undefined;

  constructor(files: ReadableStream<Uint8Array>, size: number, requestId: string, priority: Priority) {
    // A call that waits for a slow client's next file holds nothing.
    this.#upload = new ByteReader(files, "wanted");
    this.#size = size;
    this.#requestId = requestId;
    this.#priority = priority;
  }

  /** Length of the next file, once it arrives. Until then the call has no place, so it does not hold up the others. */
  async next(): Promise<number | undefined> {
    return await nextFrame(this.#upload);
  }

  /** Decodes the file and passes the result on. @throws DeadlineError if nobody reads it */
  async answer(length: number, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    const file: FileState = { isRead: false };
    const work = async (alive: () => void): Promise<{ pixels: Uint8Array<ArrayBuffer> }> => {
      await room.free(3 * this.#size ** 2, alive);
      file.isRead = true;
      const picture = await this.#decode(length, alive);
      file.held = room.hold(picture.pixels);
      return picture;
    };
    const decoded =
      this.#refusal ??
      (await rpcResult("decoder", this.#requestId, () =>
        admission.admit(this.#kind(), (waits) => queue.run(work, this.#priority, waits)),
      ));
    if (!file.isRead) {
      // Nothing more of the call is decoded. Its files are read, so that it ends as every call does.
      this.#refusal = decoded;
      await this.#upload.take(length, () => {});
    }
    this.answered++;
    const write = (): Promise<void> => writeDecoded(writer, decoded);
    await (file.held === undefined ? withDeadline(READING_MS, write) : file.held.until(write));
  }

  /** A call that has one picture, as far as is known, does not wait for room behind those that have many. */
  #kind(): Size {
    if (this.#priority === "background") return "background";
    return this.answered === 0 ? "small" : "large";
  }

  async #decode(length: number, alive: () => void): Promise<{ pixels: Uint8Array<ArrayBuffer> }> {
    pictures++;
    const file = await receiveFile(this.#upload, length, soundMagick(), alive);
    try {
      return { pixels: await decodeImage(file, this.#size, alive) };
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      alive();
      if ((await renewMagick(file)) === undefined) throw error;
      return { pixels: await decodeImage(file, this.#size, alive) };
    } finally {
      file.free();
    }
  }
}
