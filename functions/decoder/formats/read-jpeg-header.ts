/** JPEG (ITU-T T.81): walks the segments up to the first scan. */
import type { PictureHeader } from "./picture-header.ts";

/** Table B.1: frames are 0xC0–0xCF except these three. */
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
const PROGRESSIVE_FRAMES = new Set([0xc2, 0xc6, 0xca, 0xce]);
const SOS = 0xda;
/** Markers without a length: TEM, RST0–7, SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker);

export function readJpegHeader(file: DataView): PictureHeader | undefined {
  let frame: (PictureHeader & { components: number }) | undefined;
  let at = 2;
  for (;;) {
    if (file.getUint8(at) !== 0xff) return undefined;
    const marker = file.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (isBare(marker)) {
      at += 2;
    } else if (marker === SOS) {
      if (frame === undefined) return undefined;
      const { width, height, coding, components } = frame;
      // A baseline file may bring its colours in scans of their own; the codec then keeps all coefficients, as it
      // does for a progressive one.
      return { width, height, coding: file.getUint8(at + 4) < components ? "progressive JPEG" : coding };
    } else {
      if (isFrame(marker)) {
        frame = {
          width: file.getUint16(at + 7),
          height: file.getUint16(at + 5),
          coding: PROGRESSIVE_FRAMES.has(marker) ? "progressive JPEG" : "baseline JPEG",
          components: file.getUint8(at + 9),
        };
      }
      at += 2 + file.getUint16(at + 2);
    }
  }
}
