/** Writes a BMP of 16 × 16 pixels with each kind of header: OS/2, Windows, with a mask for alpha. */

export interface BmpSource {
  header: keyof typeof BYTES;
  /** True for 256 colours; otherwise 32 bits a pixel, and the fourth byte of the middle pixel is `reserved`. */
  palette?: boolean;
  reserved?: number;
  /** True if the file header does not state where the pixels are. */
  withoutOffset?: boolean;
}

const SIDE = 16;
/**
 * Header lengths by kind. OS/2's second header may end after any field; four masks may follow Windows' header or be in
 * a longer one.
 */
const BYTES = {
  os2: 12,
  "os2 of 16 bytes": 16,
  "os2 of 24 bytes": 24,
  "os2 of 46 bytes": 46,
  "os2 second": 64,
  windows: 40,
  "alpha mask": 108,
  "alpha mask behind": 40,
};
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;
const MASKS = [0xff0000, 0xff00, 0xff, 0xff000000];

export function writeBmp({
  header,
  palette = false,
  reserved,
  withoutOffset,
}: BmpSource): Uint8Array<ArrayBuffer> {
  const info = Buffer.alloc(BYTES[header]);
  info.writeUInt32LE(info.length, 0);
  const bits = palette ? 8 : 32;
  if (header === "os2") {
    info.writeUInt16LE(SIDE, 4);
    info.writeUInt16LE(SIDE, 6);
    info.writeUInt16LE(1, 8);
    info.writeUInt16LE(bits, 10);
  } else {
    info.writeInt32LE(SIDE, 4);
    info.writeInt32LE(SIDE, 8);
    info.writeUInt16LE(1, 12);
    info.writeUInt16LE(bits, 14);
  }
  if (header === "alpha mask") {
    info.writeUInt32LE(BITFIELDS, 16);
    for (const [i, mask] of MASKS.entries()) info.writeUInt32LE(mask, 40 + 4 * i);
  }
  const behind = header === "alpha mask behind" ? MASKS : [];
  if (behind.length > 0) info.writeUInt32LE(ALPHA_BITFIELDS, 16);
  const entryBytes = header === "os2" ? 3 : 4;
  const colours = Array.from({ length: palette ? 256 : 0 }, (_, i) =>
    [i, 255 - i, i >> 1, 0].slice(0, entryBytes),
  );
  const pixels = Array.from({ length: SIDE * SIDE }, (_, i) =>
    palette ? [i] : [i, 255 - i, i >> 1, header.startsWith("alpha mask") || i === 128 ? (reserved ?? 0) : 0],
  );
  const masks = Buffer.from(Uint32Array.from(behind).buffer);
  const table = Buffer.concat([masks, Buffer.from(colours.flat())]);
  const fileHeader = Buffer.alloc(14);
  fileHeader.write("BM");
  if (withoutOffset !== true) fileHeader.writeUInt32LE(14 + info.length + table.length, 10);
  return Uint8Array.from(Buffer.concat([fileHeader, info, table, Buffer.from(pixels.flat())]));
}
