/** Writes a safetensors file, with one tensor in memory at a time. `checkpoint/safetensors.ts` describes the format. */
import { open } from "node:fs/promises";
import { type Dtype, DTYPE_BYTES, elementCount } from "../checkpoint/checkpoint.ts";
import { encodeTensor, type TensorSource } from "./tensor-source.ts";

export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  dtype: Dtype,
): Promise<void> {
  const header: Record<string, { dtype: Dtype; shape: number[]; data_offsets: [number, number] }> = {};
  let end = 0;
  for (const { name, shape } of tensors) {
    const start = end;
    end += elementCount(shape) * DTYPE_BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(json.byteLength), true);
  const file = await open(path, "w");
  try {
    await file.writeFile(new Uint8Array(length.buffer));
    await file.writeFile(json);
    for (const tensor of tensors) await file.writeFile(encodeTensor(tensor.values(), dtype));
  } finally {
    await file.close();
  }
}
