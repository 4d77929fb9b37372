/** Packs the BPE merges of a vocabulary file into the format of `model-shards/clip-bpe.ts`. */
import {
  BYTE_ORDER,
  CLIP_BPE_HEADER_BYTES,
  CLIP_BPE_MAGIC,
  CLIP_BPE_MERGES,
  CLIP_BPE_VERSION,
  END_OF_WORD_OFFSET,
  FIRST_MERGED_ID,
} from "../../model-shards/clip-bpe.ts";
import { BuildError } from "../build-error.ts";
import type { Merge } from "./read-merges.ts";

/** The end of a word in vocabulary files. */
const END_OF_WORD = "</w>";
/** Vocabulary files write bytes that are not printable as characters from U+0100 on, in `BYTE_ORDER`. */
const SUBSTITUTES_START = 0x100;
const PRINTABLE_BYTES = 188;

/** The ids of the 512 symbols that merges start from. */
function baseSymbols(): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [id, byte] of BYTE_ORDER.entries()) {
    const substitute = SUBSTITUTES_START + id - PRINTABLE_BYTES;
    const symbol = String.fromCodePoint(id < PRINTABLE_BYTES ? byte : substitute);
    ids.set(symbol, id).set(symbol + END_OF_WORD, id + END_OF_WORD_OFFSET);
  }
  return ids;
}

/**
 * @param merges best first
 * @throws BuildError if the number of merges is not CLIP's; naming line and symbol, if a merge uses a symbol that does
 * not exist yet, or makes one that exists already
 */
export function packMerges(merges: readonly Merge[]): Uint8Array<ArrayBuffer> {
  if (merges.length !== CLIP_BPE_MERGES) {
    throw new BuildError(`vocabulary: ${merges.length} merges, CLIP has ${CLIP_BPE_MERGES}`);
  }
  const ids = baseSymbols();
  const idOf = (symbol: string, where: string): number => {
    const id = ids.get(symbol);
    if (id === undefined)
      throw new BuildError(`${where}: "${symbol}" is neither a byte nor made by a merge above`);
    return id;
  };
  const packed = new DataView(new ArrayBuffer(CLIP_BPE_HEADER_BYTES + 4 * merges.length));
  packed.setUint32(0, CLIP_BPE_MAGIC, true);
  packed.setUint32(4, CLIP_BPE_VERSION, true);
  packed.setUint32(8, merges.length, true);
  for (const [rank, { left, right, where }] of merges.entries()) {
    const at = CLIP_BPE_HEADER_BYTES + 4 * rank;
    packed.setUint16(at, idOf(left, where), true);
    packed.setUint16(at + 2, idOf(right, where), true);
    // A symbol with two ids would be ambiguous: some encoders would use the later id, this project's the first.
    if (ids.has(left + right)) throw new BuildError(`${where}: "${left + right}" is there already`);
    ids.set(left + right, FIRST_MERGED_ID + rank);
  }
  return new Uint8Array(packed.buffer);
}
