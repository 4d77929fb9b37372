/**
 * Works around libheif's treatment of colour. A HEIF file's `colr` box overrides the colour description inside the
 * pictures (ISO/IEC 14496-12, 12.1.5). But libheif ignores a `colr` whose primaries, transfer and matrix are all
 * "unspecified", and with it the range (full or limited), which that box does specify.
 */
import { inBounds } from "../formats/read-header.ts";
import type { CodecView } from "../formats/picture-header.ts";
import { boxes, child, FULL_BOX_BYTES, rangeOf, within } from "./boxes.ts";
import { CODE_POINTS_AT, isNclx, MATRIX_AT } from "./read-nclx.ts";

/** Code points of ISO/IEC 23091-2. For an unspecified matrix BT.601's is used, as in libavif. */
const UNSPECIFIED = 2;
const BT601_MATRIX = 6;

type Change = CodecView["changes"][number];

/** @returns changes to the file that make libheif use the range; none for a damaged file */
export function nclxChanges({ buffer, byteOffset, byteLength }: Uint8Array): Change[] {
  const file = new DataView(buffer, byteOffset, byteLength);
  return inBounds(() => changesIn(file)) ?? [];
}

function changesIn(file: DataView): Change[] {
  const meta = child(file, "meta");
  const properties = meta && child(within(meta, FULL_BOX_BYTES), "iprp");
  const container = properties && child(properties, "ipco");
  if (container === undefined) return [];
  const changes: Change[] = [];
  for (const property of boxes(container)) {
    if (!isNclx(property)) continue;
    const { content } = property;
    const codes = [0, 2, 4].map((at) => content.getUint16(CODE_POINTS_AT + at));
    if (codes.every((code) => code === UNSPECIFIED)) {
      changes.push({
        at: rangeOf(content, file).start + MATRIX_AT,
        bytes: Uint8Array.of(0, BT601_MATRIX),
      });
    }
  }
  return changes;
}
