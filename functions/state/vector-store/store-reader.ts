/** What searches, and whoever writes a segment, read of a vector store. */
import { MAX_ROWS_READ } from "../../vector-stores/store-limits.ts";
import type { KnownView, OpenRow, StoreView } from "../../vector-stores/store-state-rpc.ts";
import type { PictureFacts } from "../../vector-stores/stored-picture.ts";
import { factsOfPicture } from "./picture-table.ts";
import type { StoreRecord } from "./store-record.ts";
import type { StoredStore } from "./stored-store.ts";

/** What a search has to look at: all of it, or what the asker of a view does not have. */
export function viewOf(
  { pictures, segments }: StoredStore,
  { version, made, nextNumber }: StoreRecord,
  known: KnownView | null,
): StoreView | "same" | "more" {
  if (known?.version === version) return "same";
  const covered = segments.covered();
  const live = pictures.numbers(covered + 1, nextNumber);
  const above = Math.max(covered, known?.number ?? 0);
  if (known !== null && live.filter((number) => number > above).length > known.most) return "more";
  const { model, width } = made;
  return { version, model, width, segments: segments.refs(), live, added: pictures.rowsAbove(above) };
}

/** Facts of live rows; those that are gone are left out. */
export function factsByNumber(
  { pictures }: StoredStore,
  numbers: readonly number[],
): Map<number, PictureFacts> {
  return new Map(pictures.byNumber(numbers).map((row) => [row.number!, factsOfPicture(row)]));
}

/** Rows in the order of the numbers. For one that died meanwhile, a row of zeros comes. */
export function rowsByNumber(
  { pictures }: StoredStore,
  { made: { width } }: StoreRecord,
  numbers: Uint32Array,
): OpenRow[] {
  return pictures
    .rows([...numbers])
    .map(
      (row, index) =>
        row ?? { number: numbers[index]!, row: { ints: new Int8Array(width), scale: 0 }, attributes: {} },
    );
}

/** @throws RangeError for more than `MAX_ROWS_READ` */
export function expectFewRows({ length }: { length: number }): void {
  if (length > MAX_ROWS_READ) throw new RangeError("too many rows are asked for at once");
}
