/**
 * Reads files written by `torch.save` of PyTorch 1.6 or later: a zip with `<name>/data.pkl`, which describes the
 * tensors, and `<name>/data/<key>`, one entry a storage. A state dict is accepted by itself or in `{"state_dict": …}`,
 * with or without the prefix `module.` that training code adds.
 */
import { crc32 } from "node:zlib";
import type { ByteSource } from "./byte-source.ts";
import { type Checkpoint, type Dtype, DTYPE_BYTES, elementCount } from "./checkpoint.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { type LocatedTensor, locatedCheckpoint } from "./located-tensors.ts";
import { storageChecksums } from "./storage-checksums.ts";
import { PickledTensor, unpickle } from "./unpickle.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";

const STORAGE_DTYPES: Record<string, Dtype> = {
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
};
/** Far more than a few hundred tensors need; the pickle of a training state is larger than that of a state dict. */
const MAX_PICKLE_BYTES = 64_000_000;

interface Located extends LocatedTensor {
  entry: ZipEntry;
}

/** @throws CheckpointError naming the entry, tensor or pickled name that is wrong */
export async function readTorchFile(source: ByteSource): Promise<Checkpoint> {
  const entries = await readZipDirectory(source);
  const pickleName = [...entries.keys()].find((name) => name.endsWith("/data.pkl"));
  const pickle = entries.get(pickleName ?? "");
  if (pickleName === undefined || pickle === undefined) {
    throw new CheckpointError(source.path, "is a zip, but not one that torch.save wrote: it has no data.pkl");
  }
  const root = pickleName.slice(0, -"data.pkl".length);
  await checkByteOrder(source, entries.get(`${root}byteorder`));
  const tensors = locate(source, stateDict(source, await readPickle(source, pickle)), entries, root);

  const isDamaged = storageChecksums();
  return locatedCheckpoint(source, tensors, ({ name, entry }, bytes, start) => {
    if (isDamaged(entry, bytes, start)) {
      throw new CheckpointError(source.path, `tensor ${name} is damaged: its checksum differs`);
    }
  });
}

async function checkByteOrder(source: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return;
  const order = new TextDecoder().decode(
    await source.read(entry.start, Math.min(entry.bytes, 16), "byteorder"),
  );
  if (order !== "little") throw new CheckpointError(source.path, `has byte order "${order}", not little`);
}

async function readPickle(source: ByteSource, entry: ZipEntry): Promise<unknown> {
  if (entry.bytes > MAX_PICKLE_BYTES) {
    throw new CheckpointError(
      source.path,
      `has a pickle of ${entry.bytes} bytes, too large for a checkpoint`,
    );
  }
  const bytes = await source.read(entry.start, entry.bytes, entry.name);
  if (crc32(bytes) !== entry.crc32) throw new CheckpointError(source.path, "its data.pkl is damaged");
  try {
    return unpickle(bytes);
  } catch (cause) {
    throw new CheckpointError(source.path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function stateDict(source: ByteSource, root: unknown): Map<unknown, unknown> {
  const dict: unknown = root instanceof Map && root.has("state_dict") ? root.get("state_dict") : root;
  if (!(dict instanceof Map)) throw new CheckpointError(source.path, "holds no state dict");
  return dict as Map<unknown, unknown>;
}

function locate(
  source: ByteSource,
  dict: Map<unknown, unknown>,
  entries: Map<string, ZipEntry>,
  root: string,
): Map<string, Located> {
  const tensors = new Map<string, Located>();
  for (const [key, value] of dict) {
    if (typeof key !== "string") {
      throw new CheckpointError(source.path, "its state dict has a key that is not a tensor's name");
    }
    const name = key.replace(/^module\./, "");
    const fail = (reason: string): never => {
      throw new CheckpointError(source.path, `tensor ${name} ${reason}`);
    };
    if (!(value instanceof PickledTensor)) return fail("is not a tensor");
    const { storage, offset, shape, stride } = value;
    const dtype = STORAGE_DTYPES[storage.type] ?? fail(`is a ${storage.type}, not float, half or bfloat16`);
    const entry =
      entries.get(`${root}data/${storage.key}`) ?? fail(`has no storage ${storage.key} in the file`);
    if (entry.bytes !== storage.elements * DTYPE_BYTES[dtype]) fail("has a storage of another size");
    if (offset + elementCount(shape) > storage.elements) fail("reaches beyond its storage");
    if (!isContiguous(shape, stride)) fail("is not contiguous: save it with .contiguous()");
    if (tensors.has(name)) fail("occurs twice");
    tensors.set(name, { name, dtype, shape, entry, start: entry.start + offset * DTYPE_BYTES[dtype] });
  }
  return tensors;
}

/** Row-major without gaps; the stride of a dimension of size 1 does not matter. */
function isContiguous(shape: number[], stride: number[]): boolean {
  if (shape.length !== stride.length) return false;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}
