/** Packs a list of BPE merges, as vocabulary files write them, into the format of `model-shards/clip-bpe.ts`. */
import {
  BYTE_ORDER,
  CLIP_BPE_HEADER_BYTES,
  CLIP_BPE_MAGIC,
  CLIP_BPE_MERGES,
  END_OF_WORD_OFFSET,
  FIRST_MERGED_ID,
} from "../../model-shards/clip-bpe.ts";
import { BuildError } from "../build-error.ts";

/** How vocabulary files write the end of a word. */
const END_OF_WORD = "</w>";
/** Where vocabulary files put bytes that are not printable: from U+0100 on, in `BYTE_ORDER`. */
const SUBSTITUTES_START = 0x100;
const PRINTABLE_BYTES = 188;

/** Symbol → id of the 512 symbols that merges start from. */
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
 * @param merges `"left right"`, best first
 * @throws BuildError naming the merge, if there are not exactly CLIP's many or one joins unknown symbols
 */
export function packMerges(merges: readonly string[]): Uint8Array<ArrayBuffer> {
  if (merges.length !== CLIP_BPE_MERGES) {
    throw new BuildError(`vocabulary: ${merges.length} merges, CLIP has ${CLIP_BPE_MERGES}`);
  }
  const ids = baseSymbols();
  const packed = new DataView(new ArrayBuffer(CLIP_BPE_HEADER_BYTES + 4 * merges.length));
  packed.setUint32(0, CLIP_BPE_MAGIC, true);
  packed.setUint32(4, merges.length, true);
  for (const [rank, merge] of merges.entries()) {
    const symbols = merge.split(" ");
    const [left, right] = symbols.map((symbol) => ids.get(symbol));
    if (symbols.length !== 2 || left === undefined || right === undefined) {
      throw new BuildError(`vocabulary: merge ${rank}, "${merge}", does not join two known symbols`);
    }
    packed.setUint16(CLIP_BPE_HEADER_BYTES + 4 * rank, left, true);
    packed.setUint16(CLIP_BPE_HEADER_BYTES + 4 * rank + 2, right, true);
    ids.set(symbols.join(""), FIRST_MERGED_ID + rank);
  }
  return new Uint8Array(packed.buffer);
}
