/** A segment, written whole. */
import { SegmentWriter, type WrittenSegment } from "../../../functions/vector-stores/segment-writer.ts";
import type { OpenRow } from "../../../functions/vector-stores/store-state-rpc.ts";

export async function writtenSegment(rows: readonly OpenRow[], width: number): Promise<WrittenSegment> {
  const writer = new SegmentWriter(rows.length, width);
  for (const row of rows) writer.add(row);
  return await writer.finish();
}
