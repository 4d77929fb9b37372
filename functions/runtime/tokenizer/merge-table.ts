/**
 * Says which two symbols merge, and at which rank. An open-addressing hash table in typed arrays: it is made from the
 * packed vocabulary in a few milliseconds, and a look-up allocates nothing.
 */
import {
  CLIP_BPE_HEADER_BYTES,
  CLIP_BPE_MAGIC,
  CLIP_BPE_MERGES,
  CLIP_BPE_VERSION,
  FIRST_MERGED_ID,
} from "../../../model-shards/clip-bpe.ts";

/** A power of two. The table is 37 % full. */
const SLOTS = 131_072;
const EMPTY = -1;

export class MergeTable {
  /** `left << 16 | right`. */
  readonly #keys = new Uint32Array(SLOTS);
  /** Rank, or `EMPTY`. */
  readonly #ranks = new Int32Array(SLOTS).fill(EMPTY);

  /**
   * @param packed `model-shards/clip-bpe.bin`
   * @throws Error if `packed` is not such a file, saying what is wrong
   */
  constructor(packed: ArrayBuffer) {
    checkHeader(packed);
    const pairs = new Uint16Array(packed, CLIP_BPE_HEADER_BYTES);
    for (let rank = 0; rank < CLIP_BPE_MERGES; rank++) {
      const left = pairs[2 * rank] ?? 0;
      const right = pairs[2 * rank + 1] ?? 0;
      if (Math.max(left, right) >= FIRST_MERGED_ID + rank) {
        throw new Error(
          `packed vocabulary: merge ${rank} joins ${left} and ${right}, but one of them is made by a later merge`,
        );
      }
      const key = keyOf(left, right);
      const slot = this.#slot(key);
      if (this.#ranks[slot] !== EMPTY) {
        throw new Error(`packed vocabulary: merge ${rank} repeats merge ${this.#ranks[slot]}`);
      }
      this.#keys[slot] = key;
      this.#ranks[slot] = rank;
    }
  }

  /** The rank at which `left` and `right` merge, -1 if they never do. */
  rank(left: number, right: number): number {
    return this.#ranks[this.#slot(keyOf(left, right))] ?? EMPTY;
  }

  /** The pair's slot, or the empty slot where it belongs. */
  #slot(key: number): number {
    // Knuth's multiplicative hashing: multiplying by the golden ratio spreads keys that differ in few bits.
    let slot = Math.imul(key, 0x9e3779b1) >>> 15;
    while (this.#ranks[slot] !== EMPTY && this.#keys[slot] !== key) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }
}

function keyOf(left: number, right: number): number {
  return ((left << 16) | right) >>> 0;
}

function checkHeader(packed: ArrayBuffer): void {
  const expected = CLIP_BPE_HEADER_BYTES + 4 * CLIP_BPE_MERGES;
  if (packed.byteLength !== expected) {
    throw new Error(`packed vocabulary: ${packed.byteLength} bytes, expected ${expected}`);
  }
  const [magic, version, merges] = new Uint32Array(packed, 0, 3);
  if (magic !== CLIP_BPE_MAGIC) throw new Error("packed vocabulary: does not start with its magic");
  if (version !== CLIP_BPE_VERSION) {
    throw new Error(`packed vocabulary: version ${version}, expected ${CLIP_BPE_VERSION}`);
  }
  if (merges !== CLIP_BPE_MERGES) {
    throw new Error(`packed vocabulary: ${merges} merges, expected ${CLIP_BPE_MERGES}`);
  }
}
