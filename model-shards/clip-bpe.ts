/**
 * The CLIP vocabulary, packed. All of it follows from the merges: ids 0–255 are the bytes in `BYTE_ORDER`, 256–511
 * the same at the end of a word, `512 + rank` the result of merge `rank`, and the last two the start and end of a
 * text. A merge is therefore a pair of ids, each smaller than its own; 48,894 pairs of uint16 make 195 kB where the
 * usual JSON makes megabytes that a Worker would have to parse at every cold start.
 *
 * Layout of `clip-bpe.bin`, little-endian: `u32 magic | u32 version | u32 merges | (u16 left, u16 right) × merges`.
 */
export const CLIP_BPE_MAGIC = 0x45504243; // "CBPE"
export const CLIP_BPE_VERSION = 1;
export const CLIP_BPE_HEADER_BYTES = 12;
export const CLIP_BPE_MERGES = 48_894;

/** First id of a byte that ends a word, and of the merges' results. */
export const END_OF_WORD_OFFSET = 256;
export const FIRST_MERGED_ID = 512;
export const START_OF_TEXT = FIRST_MERGED_ID + CLIP_BPE_MERGES;
export const END_OF_TEXT = START_OF_TEXT + 1;

/** `first` to `last`, both included. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const PRINTABLE = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];

/** The bytes in order of their ids: printable ones first, as OpenAI's `bytes_to_unicode` lists them. */
export const BYTE_ORDER: readonly number[] = [
  ...PRINTABLE,
  ...range(0, 255).filter((byte) => !PRINTABLE.includes(byte)),
];
