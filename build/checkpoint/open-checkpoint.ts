/**
 * Opens a checkpoint of either format. The format is recognized by content, because a file named `.pt` may have any.
 */
import { ByteSource } from "./byte-source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { readSafetensors } from "./safetensors.ts";
import { readTorchFile } from "./torch-file.ts";

const ZIP_MAGIC = 0x04034b50;
/** The first byte of a pickle of protocol 2 or later. Before PyTorch 1.6, `torch.save` wrote a pickle without a zip. */
const PICKLE_MAGIC = 0x80;

/** @throws CheckpointError */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const source = await ByteSource.open(path);
  try {
    const head = await source.read(0, 9, "a checkpoint's head");
    if (new DataView(head.buffer).getUint32(0, true) === ZIP_MAGIC) return await readTorchFile(source);
    // A safetensors header is JSON and so starts with a brace.
    if (head[8] === 0x7b) return await readSafetensors(source);
    const legacy = head[0] === PICKLE_MAGIC ? ": it was saved by PyTorch before 1.6, save it again" : "";
    throw new CheckpointError(path, `is neither safetensors nor a torch.save file${legacy}`);
  } catch (error) {
    await source.close();
    throw error;
  }
}
