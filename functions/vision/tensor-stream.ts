/**
 * Activations between stages as a byte stream. For each tensor: the number of its dimensions and each dimension as
 * uint32, then its values as float32, all little-endian. Only one tensor is in memory at a time, however many pictures
 * a request has, and none before there is room for it.
 */
import { ByteReader } from "../runtime/bytes/byte-reader.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import type { Tensor } from "../runtime/tensor.ts";
import type { Arriving } from "./pixels-to-tensor.ts";

/** `1 × height × width × channels` of a ConvNeXt, `1 × tokens × width` of a ViT. */
const MAX_DIMENSIONS = 4;

/**
 * Writes one tensor and frees its buffer.
 * @returns false if the reader has cancelled the stream
 * @throws Error if the tensor is not float32, or has more than four dimensions
 */
export async function writeTensor(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { data, shape }: Tensor,
): Promise<boolean> {
  if (!(data instanceof Float32Array) || shape.length > MAX_DIMENSIONS)
    throw new Error(`an activation must be float32 with at most ${MAX_DIMENSIONS} dimensions`);
  try {
    await writer.write(new Uint8Array(Uint32Array.from([shape.length, ...shape]).buffer));
    await writer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return true;
  } catch {
    return false;
  } finally {
    freeBuffer(data);
  }
}

/**
 * The tensors of a stream. Each is given when the previous stage has it, and the one before has been read.
 * @throws Error if the stream ends before `count` tensors, because the previous stage failed
 */
export async function* readTensors(
  stream: ReadableStream<Uint8Array>,
  count: number,
): AsyncGenerator<Arriving> {
  const reader = new ByteReader(stream, "wanted");
  for (let i = 0; i < count; i++) {
    const [rank = 0] = await readIntegers(reader, 1);
    if (!(rank > 0 && rank <= MAX_DIMENSIONS))
      throw new Error(
        `the stream holds an activation of ${rank} dimensions; 1 to ${MAX_DIMENSIONS} are allowed`,
      );
    const shape = await readIntegers(reader, rank);
    const bytes = shape.reduce((product, size) => product * size, 4);
    yield {
      bytes,
      async read() {
        const values = await reader.read(bytes);
        if (values === undefined) throw new Error(ENDED);
        return () => ({ data: new Float32Array(values.buffer), shape });
      },
    };
  }
}

const ENDED = "the activations ended early";

async function readIntegers(reader: ByteReader, count: number): Promise<number[]> {
  const bytes = await reader.read(4 * count);
  if (bytes === undefined) throw new Error(ENDED);
  return Array.from(new Uint32Array(bytes.buffer));
}
