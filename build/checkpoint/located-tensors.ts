/** A checkpoint whose tensors are known byte ranges of one file: what both formats come down to. */
import type { ByteSource } from "./byte-source.ts";
import { type Checkpoint, DTYPE_BYTES, elementCount, type TensorInfo } from "./checkpoint.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { toFloat32 } from "./to-float32.ts";

export interface LocatedTensor extends TensorInfo {
  /** Of the first element, bytes from the start of the file. */
  start: number;
}

/** @param verify sees a tensor's raw bytes whenever it is read whole, and throws if they are damaged */
export function locatedCheckpoint<T extends LocatedTensor>(
  source: ByteSource,
  tensors: ReadonlyMap<string, T>,
  verify: (tensor: T, bytes: Uint8Array) => void = () => {},
): Checkpoint {
  const find = (name: string): T => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new CheckpointError(source.path, `there is no tensor ${name}`);
    return tensor;
  };
  const readBytes = async (tensor: T, first: number, count: number): Promise<Uint8Array<ArrayBuffer>> => {
    const size = DTYPE_BYTES[tensor.dtype];
    return await source.read(tensor.start + first * size, count * size, `tensor ${tensor.name}`);
  };
  return {
    tensors,
    async read(name) {
      const tensor = find(name);
      const bytes = await readBytes(tensor, 0, elementCount(tensor.shape));
      verify(tensor, bytes);
      return toFloat32(bytes, tensor.dtype);
    },
    async readRows(name, start, end) {
      const tensor = find(name);
      const width = elementCount(tensor.shape.slice(1));
      return toFloat32(await readBytes(tensor, start * width, (end - start) * width), tensor.dtype);
    },
    close: () => source.close(),
  };
}
