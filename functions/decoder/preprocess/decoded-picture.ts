/** A decoded picture whose rows can be had in order, so that it is never in JavaScript whole. */
export interface Picture {
  width: number;
  height: number;
  /** 3: RGB. 4: RGBA, alpha not premultiplied. */
  channels: 3 | 4;
  /** uint8, `count × width × channels`, in a buffer that the caller may free. */
  readRows(start: number, count: number): Uint8Array;
}

/** A picture of which any rectangle can be had. */
export interface PixelArea {
  width: number;
  height: number;
  channels: 3 | 4;
  /** uint8, `height × width × channels` of the rectangle, in a buffer that the caller may free. */
  readArea(left: number, top: number, width: number, height: number): Uint8Array;
}
