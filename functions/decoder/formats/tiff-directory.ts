/**
 * Reads the first directory of a TIFF structure (TIFF 6.0, section 2). TIFF files and EXIF blocks both have one. A tag
 * is read only when it is asked for, so errors in other tags do no harm.
 */

export interface TiffDirectory {
  littleEndian: boolean;
  /** A tag's first value, of any integer type; undefined if it is missing or outside the file. */
  first: (tag: number) => number | undefined;
  /** Offset of a tag's first value. */
  at: (tag: number) => number | undefined;
  /** Offset of the first entry. */
  startAt: number;
  /** Offset and tag of each entry within the file, in file order. */
  entries: () => Iterable<{ entryAt: number; tag: number }>;
  /** Offset of the field that links to the next directory. */
  nextAt: number;
}

const ENTRY_BYTES = 12;
/** TIFF 6.0's integer types by number: how each is read. 1 BYTE, 3 SHORT, 4 LONG, 6 SBYTE, 8 SSHORT, 9 SLONG, 13 IFD. */
const TYPES = new Map<
  number,
  { bytes: number; read: (view: DataView, at: number, little: boolean) => number }
>([
  [1, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [3, { bytes: 2, read: (view, at, little) => view.getUint16(at, little) }],
  [4, { bytes: 4, read: (view, at, little) => view.getUint32(at, little) }],
  [6, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [8, { bytes: 2, read: (view, at, little) => view.getInt16(at, little) }],
  [9, { bytes: 4, read: (view, at, little) => view.getInt32(at, little) }],
  [13, { bytes: 4, read: (view, at, little) => view.getUint32(at, little) }],
]);

/** @returns undefined if the directory is outside the file */
export function readDirectory(file: DataView): TiffDirectory | undefined {
  if (file.byteLength < 8) return undefined;
  const littleEndian = file.getUint16(0) === 0x4949;
  const start = file.getUint32(4, littleEndian);
  if (start + 2 > file.byteLength) return undefined;
  const count = file.getUint16(start, littleEndian);
  function* entries(): Iterable<{ entryAt: number; tag: number }> {
    for (let i = 0; i < count; i++) {
      const entryAt = start + 2 + ENTRY_BYTES * i;
      if (entryAt + ENTRY_BYTES > file.byteLength) return;
      yield { entryAt, tag: file.getUint16(entryAt, littleEndian) };
    }
  }
  const value = (wanted: number): { at: number; type: number } | undefined => {
    for (const { entryAt: at, tag } of entries()) {
      if (tag !== wanted) continue;
      const type = file.getUint16(at + 2, littleEndian);
      // A value of more than four bytes is elsewhere; the directory holds its offset.
      const inline = file.getUint32(at + 4, littleEndian) * (TYPES.get(type)?.bytes ?? 0) <= 4;
      return { at: inline ? at + 8 : file.getUint32(at + 8, littleEndian), type };
    }
    return undefined;
  };
  return {
    littleEndian,
    startAt: start + 2,
    entries,
    nextAt: start + 2 + ENTRY_BYTES * count,
    at: (tag) => value(tag)?.at,
    first(tag) {
      const found = value(tag);
      const type = found && TYPES.get(found.type);
      if (found === undefined || type === undefined || found.at + type.bytes > file.byteLength)
        return undefined;
      return type.read(file, found.at, littleEndian);
    },
  };
}
