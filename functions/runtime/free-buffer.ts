/**
 * Gives a buffer's memory back at once. The garbage collector comes by late: buffers weigh little on the JavaScript
 * heap that it watches, while in an isolate of 128 MB a few dozen activations are all the room there is.
 */
export function freeBuffer(values: { buffer: ArrayBufferLike }): void {
  if (values.buffer instanceof ArrayBuffer && !values.buffer.detached) values.buffer.transfer(0);
}
