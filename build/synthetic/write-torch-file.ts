/** Writes a checkpoint like `torch.save`, with one tensor in memory at a time. */
import { basename, extname } from "node:path";
import type { Dtype } from "../checkpoint/checkpoint.ts";
import { pickleStateDict } from "./pickle-state-dict.ts";
import { StoredZip } from "./stored-zip.ts";
import { encodeTensor, type TensorSource } from "./tensor-source.ts";

export async function writeTorchFile(
  path: string,
  tensors: readonly TensorSource[],
  dtype: Dtype,
): Promise<void> {
  const root = basename(path, extname(path));
  const zip = await StoredZip.create(path);
  await zip.add(`${root}/data.pkl`, pickleStateDict(tensors, dtype));
  for (const [index, tensor] of tensors.entries()) {
    await zip.add(`${root}/data/${index}`, encodeTensor(tensor.values(), dtype));
  }
  await zip.add(`${root}/version`, new TextEncoder().encode("3\n"));
  await zip.close();
}
