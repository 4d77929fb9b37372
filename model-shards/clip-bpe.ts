/**
 * The packed CLIP vocabulary. All of it follows from the merges: ids 0–255 are the bytes in `BYTE_ORDER`, 256–511 the
 * same bytes at the end of a word, `512 + rank` the result of merge `rank`, and the last two the start and end of a
 * text. So a merge is a pair of ids, each smaller than the merge's own id. 48,894 pairs of uint16 take 195 kB; the
 * usual JSON takes megabytes, which a Worker would have to parse at every cold start.
 *
 * Layout of `clip-bpe.bin`, little-endian: `u32 magic | u32 version | u32 merges | (u16 left, u16 right) × merges`.
 */
export const CLIP_BPE_MAGIC = 0x45504243; // "CBPE"
export const CLIP_BPE_VERSION = 1;
export const CLIP_BPE_HEADER_BYTES = 12;
export const CLIP_BPE_MERGES = 48_894;

/** First id of the bytes that end a word, and first id of the merges' results. */
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
