/** A decoded picture that is read row by row, in order, so the whole of it is never in JavaScript's memory. */
export interface Picture {
  width: number;
  height: number;
  /** 3: RGB. 4: RGBA, alpha not premultiplied. */
  channels: 3 | 4;
  /** uint8, `count × width × channels`, in a buffer that the caller owns. */
  readRows(start: number, count: number): Uint8Array;
}

/** A decoded picture from which any rectangle can be read. */
export interface PixelArea {
  width: number;
  height: number;
  channels: 3 | 4;
  /** uint8, `height × width × channels` of the rectangle, in a buffer that the caller owns. */
  readArea(left: number, top: number, width: number, height: number): Uint8Array;
}
