/** A BMP of 16 × 16 pixels with the headers that there are: of OS/2, of Windows, with a mask for alpha. */

export interface BmpSource {
  header: "os2" | "os2 second" | "windows" | "alpha mask";
  /** 256 colours; else 32 bits a pixel, the fourth byte of the middle one being `reserved`. */
  palette?: boolean;
  reserved?: number;
}

const SIDE = 16;
const BYTES = { os2: 12, "os2 second": 64, windows: 40, "alpha mask": 108 };
const BITFIELDS = 3;

export function writeBmp({ header, palette = false, reserved }: BmpSource): Uint8Array<ArrayBuffer> {
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
    for (const [i, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries())
      info.writeUInt32LE(mask, 40 + 4 * i);
  }
  const entryBytes = header === "os2" ? 3 : 4;
  const colours = Array.from({ length: palette ? 256 : 0 }, (_, i) =>
    [i, 255 - i, i >> 1, 0].slice(0, entryBytes),
  );
  const pixels = Array.from({ length: SIDE * SIDE }, (_, i) =>
    palette ? [i] : [i, 255 - i, i >> 1, header === "alpha mask" || i === 128 ? (reserved ?? 0) : 0],
  );
  const table = Buffer.from(colours.flat());
  const fileHeader = Buffer.alloc(14);
  fileHeader.write("BM");
  fileHeader.writeUInt32LE(14 + info.length + table.length, 10);
  return Uint8Array.from(Buffer.concat([fileHeader, info, table, Buffer.from(pixels.flat())]));
}
