/** The order in which a PNG stores its pixels: all rows, or seven coarse to fine (Adam7; ISO/IEC 15948, 8.2). */

export interface PngPass {
  /** First pixel, and how far from one to the next. */
  left: number;
  top: number;
  stepX: number;
  stepY: number;
  /** Pixels of the pass. */
  width: number;
  height: number;
}

const WHOLE = [[0, 0, 1, 1]] as const;
/** Left, top, step across, step down. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Passes without pixels are left out: nothing is stored of them. */
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
