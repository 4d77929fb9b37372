/**
 * The passes in which a PNG stores its pixels: one with all rows, or seven from coarse to fine (Adam7; ISO/IEC 15948,
 * 8.2).
 */

export interface PngPass {
  /** First pixel, and the distance between pixels. */
  left: number;
  top: number;
  stepX: number;
  stepY: number;
  /** Size of the pass, pixels. */
  width: number;
  height: number;
}

const WHOLE = [[0, 0, 1, 1]] as const;
/** Each row: left, top, step across, step down. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Omits passes without pixels, because the file stores nothing for them. */
export function pngPasses(width: number, height: number, interlaced: boolean): PngPass[] {
  return (interlaced ? ADAM7 : WHOLE)
    .map(([left, top, stepX, stepY]) => ({
      left,
      top,
      stepX,
      stepY,
      width: Math.ceil((width - left) / stepX),
      height: Math.ceil((height - top) / stepY),
    }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
}
