/**
 * Activations between stages as a byte stream: for each tensor its four dimensions as uint32 and its float32 values,
 * little-endian. One tensor is under way at a time, however many pictures a request has.
 */
import { ByteTaker } from "../runtime/byte-taker.ts";
import { freeBuffer } from "../runtime/free-buffer.ts";
import type { Tensor } from "../runtime/tensor.ts";
import type { MakeInput } from "./pixels-to-tensor.ts";

const RANK = 4;

/**
 * Writes one tensor and frees its buffer.
 * @returns false if the reader went away
 * @throws Error if the tensor is not float32 of four dimensions
 */
export async function writeTensor(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { data, shape }: Tensor,
): Promise<boolean> {
  if (!(data instanceof Float32Array) || shape.length !== RANK) throw new Error("not an activation");
  try {
    await writer.write(new Uint8Array(Uint32Array.from(shape).buffer));
    await writer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return true;
  } catch {
    return false;
  } finally {
    freeBuffer(data);
  }
}

/**
 * @throws Error if the stream ends before `count` tensors: the stage before this one failed
 */
export async function* readTensors(
  stream: ReadableStream<Uint8Array>,
  count: number,
): AsyncGenerator<MakeInput> {
  const reader = new ByteTaker(stream);
  for (let i = 0; i < count; i++) {
    const header = await reader.read(4 * RANK);
    const shape = Array.from(new Uint32Array(header?.buffer ?? new ArrayBuffer(0)));
    const values = await reader.read(shape.reduce((product, size) => product * size, 4));
    if (header === undefined || values === undefined) throw new Error("the activations ended early");
    yield () => ({ data: new Float32Array(values.buffer), shape });
  }
}
