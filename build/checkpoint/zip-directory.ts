/**
 * Reads a zip file's directory: the byte range of each entry. Only stored (uncompressed) entries are accepted, as
 * `torch.save` writes them; zip64 is supported for files above 4 GB. Format: PKWARE's APPNOTE, sections 4.3 and 4.5.
 */
import type { ByteSource } from "./byte-source.ts";
import { CheckpointError } from "./checkpoint-error.ts";

export interface ZipEntry {
  name: string;
  /** Offset of the entry's data in the file. */
  start: number;
  bytes: number;
  crc32: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
const IN_ZIP64 = 0xffffffff;
/** A bit of the general purpose flags. */
const ENCRYPTED = 1;
/** A checkpoint has a few hundred entries of some 70 bytes each. */
const MAX_DIRECTORY_BYTES = 64_000_000;

/** @throws CheckpointError for a truncated or malformed zip, and for compressed entries */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.path, `damaged zip: ${reason}`);
  };
  const { offset, bytes, count } = await findDirectory(source, fail);
  if (bytes > MAX_DIRECTORY_BYTES) fail(`its directory has ${bytes} bytes, more than a checkpoint needs`);
  const directory = await source.read(offset, bytes, "the zip directory");
  const view = new DataView(directory.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > bytes || view.getUint32(at, true) !== CENTRAL_SIGNATURE)
      fail("its directory is cut off");
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const name = new TextDecoder().decode(
      directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes),
    );
    if (view.getUint16(at + 10, true) !== 0) fail(`entry ${name} is compressed, as torch.save never does`);
    if (view.getUint16(at + 8, true) & ENCRYPTED) fail(`entry ${name} is encrypted`);
    const extra = directory.subarray(
      at + CENTRAL_BYTES + nameBytes,
      at + CENTRAL_BYTES + nameBytes + extraBytes,
    );
    const [size, , local] = zip64Values(extra, [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ]);
    const start = await dataStart(source, local, name, fail);
    if (start + size > source.size) fail(`entry ${name} reaches beyond the end of the file`);
    entries.set(name, { name, start, bytes: size, crc32: view.getUint32(at + 16, true) });
    at += CENTRAL_BYTES + nameBytes + extraBytes + view.getUint16(at + 32, true);
  }
  return entries;
}

type Fail = (reason: string) => never;

/** The end record is last, followed only by a comment. A zip64 file has a second one, with wider fields, before it. */
async function findDirectory(source: ByteSource, fail: Fail) {
  const tailBytes = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  const tailStart = source.size - tailBytes;
  const tail = new DataView((await source.read(tailStart, tailBytes, "the zip's end")).buffer);
  let at = tailBytes - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END_SIGNATURE) at--;
  if (at < 0) return fail("it has no end record: the file is truncated");
  const end = {
    count: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
  const locatorAt = at - ZIP64_LOCATOR_BYTES;
  if (locatorAt < 0 || tail.getUint32(locatorAt, true) !== ZIP64_LOCATOR_SIGNATURE) return end;
  const wideAt = Number(tail.getBigUint64(locatorAt + 8, true));
  const wide = new DataView((await source.read(wideAt, ZIP64_END_BYTES, "the zip64 end record")).buffer);
  if (wide.getUint32(0, true) !== ZIP64_END_SIGNATURE) return fail("its zip64 end record is missing");
  return {
    count: Number(wide.getBigUint64(32, true)),
    bytes: Number(wide.getBigUint64(40, true)),
    offset: Number(wide.getBigUint64(48, true)),
  };
}

/** Replaces values that do not fit 32 bits by those of the zip64 extra field, which contains only such values. */
function zip64Values(extra: Uint8Array, values: [number, number, number]): [number, number, number] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== ZIP64_EXTRA) continue;
    let field = at + 4;
    return values.map((value) => {
      if (value !== IN_ZIP64 || field + 8 > extra.byteLength) return value;
      field += 8;
      return Number(view.getBigUint64(field - 8, true));
    }) as [number, number, number];
  }
  return values;
}

/** The local header repeats the name and has its own extra field, which torch uses as padding to 64 bytes. */
async function dataStart(source: ByteSource, local: number, name: string, fail: Fail): Promise<number> {
  const header = new DataView((await source.read(local, LOCAL_BYTES, `the header of ${name}`)).buffer);
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE) fail(`entry ${name} is not where the directory says`);
  return local + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
}
