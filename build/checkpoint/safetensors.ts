/**
 * The safetensors format: `u64 header length | header JSON | data`, all little-endian; the header maps a tensor's
 * name to `{dtype, shape, data_offsets: [begin, end]}`, offsets counting from the start of the data.
 */
import * as z from "zod";
import type { ByteSource } from "./byte-source.ts";
import { type Checkpoint, type Dtype, DTYPE_BYTES, elementCount } from "./checkpoint.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { type LocatedTensor, locatedCheckpoint } from "./located-tensors.ts";

const LENGTH_BYTES = 8;
/** The format's limit for headers. */
const MAX_HEADER_BYTES = 100_000_000;

const integer = z.number().int().nonnegative();
const headerSchema = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(integer), data_offsets: z.tuple([integer, integer]) }),
);

/** @throws CheckpointError naming what is wrong with the header or which tensor does not fit the file */
export async function readSafetensors(source: ByteSource): Promise<Checkpoint> {
  const lengthBytes = await source.read(0, LENGTH_BYTES, "the header's length");
  const headerBytes = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      source.path,
      `a header of ${headerBytes} bytes is more than safetensors allows`,
    );
  }
  const header = parseHeader(source, await source.read(LENGTH_BYTES, headerBytes, "the header"));
  return locatedCheckpoint(source, locate(source, header, LENGTH_BYTES + headerBytes));
}

function parseHeader(source: ByteSource, bytes: Uint8Array): z.infer<typeof headerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    throw new CheckpointError(source.path, "its safetensors header is not JSON", { cause });
  }
  if (json !== null && typeof json === "object") Reflect.deleteProperty(json, "__metadata__");
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    throw new CheckpointError(
      source.path,
      `its safetensors header is malformed: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

function locate(
  source: ByteSource,
  header: z.infer<typeof headerSchema>,
  dataStart: number,
): Map<string, LocatedTensor> {
  const tensors = new Map<string, LocatedTensor>();
  const entries = Object.entries(header).toSorted(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  let previousEnd = 0;
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    const [begin, end] = data_offsets;
    if (!(dtype in DTYPE_BYTES)) throw new CheckpointError(source.path, `tensor ${name} has dtype ${dtype}`);
    const bytes = elementCount(shape) * DTYPE_BYTES[dtype as Dtype];
    if (end - begin !== bytes) {
      throw new CheckpointError(
        source.path,
        `tensor ${name} [${shape.join(", ")}] needs ${bytes} bytes, has ${end - begin}`,
      );
    }
    if (begin < previousEnd) throw new CheckpointError(source.path, `tensor ${name} overlaps another one`);
    if (dataStart + end > source.size) {
      throw new CheckpointError(source.path, `is truncated: tensor ${name} ends at ${dataStart + end}`);
    }
    previousEnd = end;
    tensors.set(name, { name, dtype: dtype as Dtype, shape, start: dataStart + begin });
  }
  return tensors;
}
