/**
 * Reads slices of model files from R2, in order, several at once: a single stream would leave most of the bandwidth
 * unused, and each stream waits for its first byte. Only `AHEAD` slices and the one that is being sent are in memory,
 * whatever the length of the answer.
 */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import type { ObjectReader } from "../runtime/model-store/read-verified.ts";
import type { Slice } from "../runtime/model-store/slices.ts";
import { inOrder } from "../runtime/tower/in-order.ts";

/** Slices to read ahead: as many as may wait for their first byte at the same time on the platform. */
const AHEAD = 6;

/** The file is not in R2, or is shorter than the slice requires. */
export class MissingSliceError extends Error {}

/**
 * @param prefix `<alias>/<revision>`
 * @throws MissingSliceError; DeadlineError; what R2 throws
 */
export function readSlices(
  bucket: ObjectReader,
  prefix: string,
  slices: readonly Slice[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return inOrder(slices, AHEAD, async ({ file, offset, length }) => {
    const key = `${prefix}/${file}`;
    const bytes = await withDeadline(DEADLINES.r2Body, async () => {
      const object = await bucket.get(key, { range: { offset, length } });
      if (object === null) throw new MissingSliceError(`${key} is not in R2`);
      return new Uint8Array(await new Response(object.body).arrayBuffer());
    });
    if (bytes.byteLength !== length) throw new MissingSliceError(`${key} ends before ${offset + length}`);
    return bytes;
  });
}
