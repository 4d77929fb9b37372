/** Writes a segment of a vector store: rows from its Durable Object, in pieces, to one object of R2. */
import { Admission } from "../../runtime/sharing/admission.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { logCall } from "../../runtime/log-call.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { SegmentWriter } from "../../vector-stores/segment-writer.ts";
import { MAX_ROWS_READ } from "../../vector-stores/store-limits.ts";
import type { Compaction } from "../../vector-stores/store-work-rpc.ts";
import type { StoreObject } from "../../vector-stores/vector-stores.ts";
import type { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";

/** One at a time: with the longest attributes, a segment takes some 50 MB while it is written. */
const WRITERS = new Admission(1);
/** Milliseconds until one that found another at work is tried again. */
const PAUSE_MS = 2_000;

/** @returns after how many milliseconds the next message is to come @throws if the segment could not be written */
export async function compactStore(
  { key, numbers, width }: Compaction,
  held: HeldWork<StoreObject>,
  env: JobsBindings,
): Promise<number> {
  try {
    await WRITERS.admit("large", async (alive) => {
      const writer = new SegmentWriter(numbers.length, width);
      for (let first = 0; first < numbers.length; first += MAX_ROWS_READ) {
        for (const row of await held.state.rows(numbers.slice(first, first + MAX_ROWS_READ))) writer.add(row);
        alive();
        if (!(await held.renew())) return;
      }
      const { bytes, sha256 } = await writer.finish();
      const whole = await sha256Hex(bytes);
      await withDeadline(DEADLINES.r2Body, () => env.VECTORS.put(key, bytes, { sha256: whole }));
      const segment = { key, rows: numbers.length, bytes: bytes.length, sha256 };
      await held.state.compacted(held.token, segment, numbers);
      logCall("jobs", key, { rows: segment.rows, bytes: segment.bytes });
    });
    return 0;
  } catch (error) {
    const isWaiting = error instanceof ServiceError && error.code === "overloaded";
    await held.release(isWaiting ? PAUSE_MS : 0);
    if (isWaiting) return PAUSE_MS;
    throw error;
  }
}
