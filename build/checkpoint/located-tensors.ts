/** A checkpoint whose tensors are byte ranges of one file. Both formats are read as one. */
import type { ByteSource } from "./byte-source.ts";
import { type Checkpoint, DTYPE_BYTES, elementCount, type TensorInfo } from "./checkpoint.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { toFloat32 } from "./to-float32.ts";

export interface LocatedTensor extends TensorInfo {
  /** Offset of the first element in the file, bytes. */
  start: number;
}

/** @param verify called with raw bytes of a tensor and their offset in the file; throws if they are damaged */
export function locatedCheckpoint<T extends LocatedTensor>(
  source: ByteSource,
  tensors: ReadonlyMap<string, T>,
  verify: (tensor: T, bytes: Uint8Array, start: number) => void = () => {},
): Checkpoint {
  const find = (name: string): T => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new CheckpointError(source.path, `there is no tensor ${name}`);
    return tensor;
  };
  const readElements = async (tensor: T, first: number, count: number): Promise<Float32Array> => {
    const size = DTYPE_BYTES[tensor.dtype];
    const start = tensor.start + first * size;
    const bytes = await source.read(start, count * size, `tensor ${tensor.name}`);
    verify(tensor, bytes, start);
    return toFloat32(bytes, tensor.dtype);
  };
  return {
    tensors,
    async read(name) {
      const tensor = find(name);
      return await readElements(tensor, 0, elementCount(tensor.shape));
    },
    async readRows(name, start, end) {
      const tensor = find(name);
      const [rows, ...row] = tensor.shape;
      // Without this check, rows after the last would be read from the next tensor in the file.
      const exist = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end;
      if (rows === undefined || !exist || end > rows) {
        const shape = `[${tensor.shape.join(", ")}]`;
        throw new CheckpointError(source.path, `tensor ${name} ${shape} has no rows ${start} to ${end}`);
      }
      const width = elementCount(row);
      return await readElements(tensor, start * width, (end - start) * width);
    },
    close: () => source.close(),
  };
}
