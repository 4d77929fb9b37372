/**
 * The geometry of CLIP's preprocessing, as torchvision computes it: the short side becomes `size`, the long side is
 * truncated to a whole pixel, and the offset of the centre crop is rounded half to even.
 */
export interface ResizePlan {
  /** Size of the whole resized picture, pixels. */
  width: number;
  height: number;
  /** The crop's upper left corner in the resized picture. */
  left: number;
  top: number;
  /** The crop's side. */
  size: number;
}

export function planResize(sourceWidth: number, sourceHeight: number, size: number): ResizePlan {
  const short = Math.min(sourceWidth, sourceHeight);
  const long = Math.trunc((size * Math.max(sourceWidth, sourceHeight)) / short);
  const [width, height] = sourceWidth <= sourceHeight ? [size, long] : [long, size];
  return {
    width,
    height,
    left: roundHalfToEven((width - size) / 2),
    top: roundHalfToEven((height - size) / 2),
    size,
  };
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
