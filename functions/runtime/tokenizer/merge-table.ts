/**
 * Which two symbols merge, and how early: an open-addressing hash table in typed arrays, made from the packed
 * vocabulary in a few milliseconds and looked up without allocating.
 */
import { CLIP_BPE_HEADER_BYTES, CLIP_BPE_MAGIC, CLIP_BPE_MERGES } from "../../../model-shards/clip-bpe.ts";

/** Slots, a power of two: the table is 37 % full. */
const SLOTS = 131_072;
const EMPTY = -1;

export class MergeTable {
  /** `left << 16 | right`. */
  readonly #keys = new Uint32Array(SLOTS);
  /** Rank, or `EMPTY`. */
  readonly #ranks = new Int32Array(SLOTS).fill(EMPTY);

  /**
   * @param packed `model-shards/clip-bpe.bin`
   * @throws Error if it is not that
   */
  constructor(packed: ArrayBuffer) {
    const header = new Uint32Array(packed, 0, 2);
    const complete = packed.byteLength === CLIP_BPE_HEADER_BYTES + 4 * CLIP_BPE_MERGES;
    if (header[0] !== CLIP_BPE_MAGIC || header[1] !== CLIP_BPE_MERGES || !complete) {
      throw new Error("the packed vocabulary is damaged");
    }
    const pairs = new Uint16Array(packed, CLIP_BPE_HEADER_BYTES);
    for (let rank = 0; rank < CLIP_BPE_MERGES; rank++) {
      const slot = this.#slot(pairs[2 * rank] ?? 0, pairs[2 * rank + 1] ?? 0);
      // Should a list repeat a merge, the earlier one counts.
      if (this.#ranks[slot] === EMPTY) this.#ranks[slot] = rank;
    }
  }

  /** The rank at which `left` and `right` merge, -1 if they never do. */
  rank(left: number, right: number): number {
    return this.#ranks[this.#slot(left, right, false)] ?? EMPTY;
  }

  /** The pair's slot, or the empty one where it would go; `claim` writes the key there. */
  #slot(left: number, right: number, claim = true): number {
    const key = ((left << 16) | right) >>> 0;
    // Knuth's multiplicative hashing: the golden ratio spreads keys that differ in few bits.
    let slot = Math.imul(key, 0x9e3779b1) >>> 15;
    while (this.#ranks[slot] !== EMPTY && this.#keys[slot] !== key) slot = (slot + 1) & (SLOTS - 1);
    if (claim) this.#keys[slot] = key;
    return slot;
  }
}
