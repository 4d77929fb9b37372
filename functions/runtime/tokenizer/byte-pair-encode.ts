/**
 * Byte-pair encoding of one word. Of all neighbors that can merge, the pair of the lowest rank merges first, the
 * leftmost of equals first, until no pair can merge. A heap of candidates keeps the time at n log n, so that a megabyte
 * without a space does not block the Worker.
 */
import { BYTE_ORDER, END_OF_WORD_OFFSET, FIRST_MERGED_ID } from "../../../model-shards/clip-bpe.ts";
import { MinHeap } from "./min-heap.ts";
import type { MergeTable } from "./merge-table.ts";

const BYTE_IDS = new Uint8Array(256);
for (const [id, byte] of BYTE_ORDER.entries()) BYTE_IDS[byte] = id;

const encoder = new TextEncoder();
/** A candidate is the number `rank × POSITIONS + position`, so candidates sort by rank, then by position. */
const POSITIONS = 2 ** 32;
const GONE = -1;

/** @returns the word's token ids */
export function bytePairEncode(word: string, merges: MergeTable): number[] {
  const symbols = Int32Array.from(encoder.encode(word), (byte) => BYTE_IDS[byte] ?? 0);
  const last = symbols.length - 1;
  symbols[last] = (symbols[last] ?? 0) + END_OF_WORD_OFFSET;
  // A merged symbol stays at the position of its left part. These links skip the position of the right part.
  const next = Int32Array.from(symbols, (_, at) => at + 1);
  const previous = Int32Array.from(symbols, (_, at) => at - 1);
  const candidates = new MinHeap();

  const rankAt = (at: number): number => {
    const right = next[at] ?? 0;
    if (symbols[at] === GONE || right > last) return -1;
    return merges.rank(symbols[at] ?? 0, symbols[right] ?? 0);
  };
  const consider = (at: number): void => {
    const rank = rankAt(at);
    if (rank !== -1) candidates.push(rank * POSITIONS + at);
  };

  for (let at = 0; at < last; at++) consider(at);
  for (let candidate = candidates.pop(); candidate !== undefined; candidate = candidates.pop()) {
    const at = candidate % POSITIONS;
    const rank = Math.floor(candidate / POSITIONS);
    // Skipped if one of the two has merged with another neighbor since.
    if (rankAt(at) !== rank) continue;
    const right = next[at] ?? 0;
    const after = next[right] ?? 0;
    symbols[at] = FIRST_MERGED_ID + rank;
    symbols[right] = GONE;
    next[at] = after;
    if (after <= last) previous[after] = at;
    if (at > 0) consider(previous[at] ?? 0);
    consider(at);
  }
  return Array.from(symbols).filter((symbol) => symbol !== GONE);
}
