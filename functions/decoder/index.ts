/**
 * The decoder Worker: picture files → uint8 RGB at the model's size. Files arrive as one byte stream and are decoded
 * one at a time, so only one is ever in memory.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { DecodedImage, DecoderRpc, Priority, WorkerStats } from "../runtime/rpc.ts";
import { thisIsolate } from "../runtime/isolate.ts";
import { logCall } from "../runtime/log-call.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import { ByteTaker } from "../runtime/byte-taker.ts";
import { nextFrame } from "../runtime/file-frames.ts";
import { decodeImage } from "./decode-image.ts";
import { codecMemoryBytes } from "./codec-memory.ts";
import { OutOfMemory } from "./formats/pixel-limits.ts";
import { renewMagick, soundMagick } from "./magick.ts";
import { receiveFile } from "./receive-file.ts";
import { Turn } from "./turn.ts";

const turn = new Turn();
let pictures = 0;

export default class Decoder extends WorkerEntrypoint implements DecoderRpc {
  async decode(
    files: ReadableStream<Uint8Array>,
    size: number,
    requestId: string,
    priority?: Priority,
  ): Promise<DecodedImage[]> {
    const upload = new ByteTaker(files);
    const results: DecodedImage[] = [];
    // The turn begins when a file arrives. So a request that waits for a slow client's next file does not hold up the
    // others.
    for (let length = await nextFrame(upload); length !== undefined; length = await nextFrame(upload)) {
      const file = length;
      pictures++;
      results.push(
        await rpcResult("decoder", requestId, () =>
          turn.take((alive) => decodeNext(upload, file, size, alive), priority),
        ),
      );
    }
    logCall("decoder", requestId, { pictures: results.length });
    return results;
  }

  async stats(): Promise<WorkerStats> {
    return { wasmBytes: codecMemoryBytes(), runs: pictures, isolate: thisIsolate() };
  }
}

async function decodeNext(
  upload: ByteTaker,
  length: number,
  size: number,
  alive: () => void,
): Promise<{ pixels: Uint8Array<ArrayBuffer> }> {
  const file = await receiveFile(upload, length, soundMagick(), alive);
  try {
    return { pixels: await decodeImage(file, size, alive) };
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    alive();
    if ((await renewMagick(file)) === undefined) throw error;
    return { pixels: await decodeImage(file, size, alive) };
  } finally {
    file.free();
  }
}
