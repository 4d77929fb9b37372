/**
 * Rewrites a small zip as if it were larger than 4 GB: sizes and offsets move to zip64 extra fields, the directory's
 * place to a zip64 end record. Data and local headers stay. Layout: PKWARE's APPNOTE, 4.3.14, 4.3.15 and 4.5.3.
 */
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const NOT_HERE = 0xffffffff;

/** @param zip a zip without comments and extra fields in its directory, as `StoredZip` writes it */
export function widenZip(zip: Uint8Array): Uint8Array {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const endAt = zip.byteLength - END_BYTES;
  const directoryAt = view.getUint32(endAt + 16, true);
  const count = view.getUint16(endAt + 10, true);
  const pieces: Uint8Array[] = [zip.subarray(0, directoryAt)];
  let at = directoryAt;
  let directoryBytes = 0;
  for (let index = 0; index < count; index++) {
    const next = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
    const entry = widenEntry(zip.slice(at, next));
    pieces.push(entry);
    directoryBytes += entry.byteLength;
    at = next;
  }
  const end = zip.slice(endAt);
  const endView = new DataView(end.buffer);
  endView.setUint16(8, 0xffff, true);
  endView.setUint16(10, 0xffff, true);
  endView.setUint32(12, NOT_HERE, true);
  endView.setUint32(16, NOT_HERE, true);
  pieces.push(wideEnd(count, directoryBytes, directoryAt), locator(directoryAt + directoryBytes), end);
  return new Uint8Array(Buffer.concat(pieces));
}

function widenEntry(entry: Uint8Array<ArrayBuffer>): Uint8Array {
  const view = new DataView(entry.buffer);
  const extra = new DataView(new ArrayBuffer(4 + 3 * 8));
  extra.setUint16(0, 0x0001, true);
  extra.setUint16(2, 3 * 8, true);
  // Uncompressed size, compressed size, offset of the local header: their order is fixed.
  [24, 20, 42].forEach((field, index) => {
    extra.setBigUint64(4 + 8 * index, BigInt(view.getUint32(field, true)), true);
    view.setUint32(field, NOT_HERE, true);
  });
  view.setUint16(30, extra.byteLength, true);
  return Buffer.concat([entry, new Uint8Array(extra.buffer)]);
}

function wideEnd(count: number, directoryBytes: number, directoryAt: number): Uint8Array {
  const end = new DataView(new ArrayBuffer(56));
  end.setUint32(0, 0x06064b50, true);
  end.setBigUint64(4, 44n, true);
  end.setBigUint64(24, BigInt(count), true);
  end.setBigUint64(32, BigInt(count), true);
  end.setBigUint64(40, BigInt(directoryBytes), true);
  end.setBigUint64(48, BigInt(directoryAt), true);
  return new Uint8Array(end.buffer);
}

function locator(wideEndAt: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(20));
  bytes.setUint32(0, 0x07064b50, true);
  bytes.setBigUint64(8, BigInt(wideEndAt), true);
  bytes.setUint32(16, 1, true);
  return new Uint8Array(bytes.buffer);
}
